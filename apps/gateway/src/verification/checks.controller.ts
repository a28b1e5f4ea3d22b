import { Describe } from '@app/common';
import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Caller } from '../access/caller.js';
import { checkViewOf } from './verification-view.js';
import { describedChecks } from './verification.openapi.js';
import { CheckCodeOfNumber } from './verification.requests.js';
import { CodeChecks } from './code-checks.js';

/** Checks by number, for callers who kept no id. */
@Controller('v1/checks')
@Describe<ChecksController>(describedChecks)
export class ChecksController {
  constructor(private readonly checks: CodeChecks) {}

  @Post()
  @HttpCode(200)
  async check(@Body() request: CheckCodeOfNumber, @Caller() caller: Caller) {
    return checkViewOf(await this.checks.checkByNumber(request, caller));
  }
}
