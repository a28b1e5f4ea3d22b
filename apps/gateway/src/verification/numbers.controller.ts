import { Describe } from '@app/common';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Caller } from '../access/caller.js';
import { Needs } from '../access/needs.js';
import { NumberErasure } from './number-erasure.js';
import { describedNumbers } from './verification.openapi.js';
import { EraseNumber } from './verification.requests.js';

@Controller('v1/numbers')
@Needs('operate')
@Describe<NumbersController>(describedNumbers)
export class NumbersController {
  constructor(private readonly erasure: NumberErasure) {}

  @Post('erase')
  @HttpCode(200)
  erase(@Body() { to }: EraseNumber, @Caller() caller: Caller) {
    return this.erasure.erase(to, caller);
  }
}
