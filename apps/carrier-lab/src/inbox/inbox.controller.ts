import { Controller, Delete, Get, HttpCode, NotFoundException, Query, Res } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, Max, Min } from 'class-validator';
import type { Reply } from '../carrier.js';
import { NumberQuery } from '../number-query.js';
import { Inbox, type InboxMessage } from './inbox.js';

class Wait extends NumberQuery {
  /** Only a text whose id is above this. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  after: number = 0;

  /** Seconds. */
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(30)
  timeout: number = 10;
}

@Controller('inbox')
export class InboxController {
  constructor(private readonly inbox: Inbox) {}

  @Get()
  list(@Query() { to }: NumberQuery): { messages: InboxMessage[] } {
    return { messages: this.inbox.list(to) };
  }

  @Get('latest')
  latest(@Query() { to }: NumberQuery): InboxMessage {
    const message = this.inbox.latest(to);
    if (!message) throw new NotFoundException('There is no text for this number.');
    return message;
  }

  /** 200 with the newest text after `after`, as soon as there is one; 204 when none came in time. */
  @Get('wait')
  async wait(@Query() { to, after, timeout }: Wait, @Res({ passthrough: true }) reply: Reply) {
    const message = await this.inbox.wait(to, after, timeout * 1000);
    if (!message) reply.status(204);
    return message;
  }

  @Delete()
  @HttpCode(204)
  delete(@Query() { to }: NumberQuery): void {
    this.inbox.delete(to);
  }
}
