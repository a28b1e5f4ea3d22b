import { BadRequestException, Body, Controller, Delete, Get, HttpCode, Put, Query, Res } from '@nestjs/common';
import { IsNumber, IsOptional, Max, Min } from 'class-validator';
import type { Reply } from '../carrier.js';
import { FrontDoor } from '../front-door.js';
import { NumberQuery } from '../number-query.js';
import { Fault } from './fault.js';
import { Faults } from './faults.js';

class PutFault extends Fault {
  /** From this answer on the lab does not listen for so long: whoever connects is refused, this API's callers included. */
  @IsOptional()
  @IsNumber()
  @Min(0.1)
  @Max(60)
  refuseSeconds?: number;
}

@Controller('faults')
export class FaultsController {
  constructor(
    private readonly faults: Faults,
    private readonly door: FrontDoor,
  ) {}

  @Get()
  list(): { faults: Fault[] } {
    return { faults: this.faults.list() };
  }

  /** Replaces the fault for `to`, or the one for every number; an empty one heals. */
  @Put()
  put(@Body() { refuseSeconds, ...fault }: PutFault, @Res({ passthrough: true }) reply: Reply): { faults: Fault[] } {
    if (refuseSeconds !== undefined && fault.to !== undefined) {
      throw new BadRequestException('refuseSeconds concerns every caller: leave out to.');
    }
    this.faults.set(fault);
    if (refuseSeconds !== undefined) {
      reply.header('connection', 'close').raw.once('finish', () => this.door.refuse(refuseSeconds));
    }
    return this.list();
  }

  @Delete()
  @HttpCode(204)
  clear(@Query() { to }: NumberQuery): void {
    this.faults.clear(to);
  }
}
