import { Describe, pageOf } from '@app/common';
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { Caller } from '../access/caller.js';
import { Needs } from '../access/needs.js';
import { viewOf } from './dead-letter-view.js';
import { keyOf } from './dead-letter.js';
import {
  DeadLetterSelection,
  DiscardDeadLetters,
  ListDeadLetters,
  ReplayDeadLetters,
} from './dead-letters.requests.js';
import { DeadLettersService, type Batch } from './dead-letters.service.js';
import { describedDeadLetters } from './operations.openapi.js';
import { noSuchDeadLetter } from './refusals.js';

@Controller('v1/dead-letters')
@Needs('operate')
@Describe<DeadLettersController>(describedDeadLetters)
export class DeadLettersController {
  constructor(private readonly deadLetters: DeadLettersService) {}

  @Get()
  async list(@Query() query: ListDeadLetters, @Caller() caller: Caller) {
    const { letters, waiting, lookedAt, now } = await this.deadLetters.find(query, caller);
    const { items, cursor } = pageOf(letters, query, keyOf);
    return {
      queue: query.queue,
      waiting,
      lookedAt,
      matching: letters.length,
      deadLetters: items.map((letter) => viewOf(letter, now)),
      cursor,
    };
  }

  @Get(':messageId')
  async show(@Param('messageId') messageId: string, @Query() { queue }: DeadLetterSelection, @Caller() caller: Caller) {
    const { letters, now } = await this.deadLetters.find({ queue, messageIds: [messageId] }, caller);
    const [letter] = letters;
    if (!letter) throw noSuchDeadLetter();
    return { queue, ...viewOf(letter, now) };
  }

  @Post('replay')
  @HttpCode(200)
  async replay(@Body() request: ReplayDeadLetters, @Caller() caller: Caller) {
    return batchViewOf('replayed', request, await this.deadLetters.replay(request, caller));
  }

  @Post('discard')
  @HttpCode(200)
  async discard(@Body() request: DiscardDeadLetters, @Caller() caller: Caller) {
    return batchViewOf('discarded', request, await this.deadLetters.discard(request, caller));
  }
}

const batchViewOf = (
  did: 'replayed' | 'discarded',
  { queue, dryRun }: DiscardDeadLetters,
  { done, startedAt, stopped, ...batch }: Batch,
) => ({ queue, dryRun, [did]: done, ...batch, stopped: stopped ?? null, startedAt: startedAt.toISOString() });
