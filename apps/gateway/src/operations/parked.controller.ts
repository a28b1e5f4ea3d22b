import { Describe, LeftOvers, mask, PageLimit, type LeftOver } from '@app/common';
import { Controller, Get, Query } from '@nestjs/common';
import { IsOptional, Matches } from 'class-validator';
import { ALL_SERVICES, Caller, operatesOnAll } from '../access/caller.js';
import { Needs } from '../access/needs.js';
import { missingService } from '../access/refusals.js';
import { describedParked } from './operations.openapi.js';
import { refuse } from './refusals.js';

export class ListParked {
  /** Whose parked queue. */
  @IsOptional()
  @Matches(/^[a-z0-9-]{1,64}$/)
  consumer: string = 'sms-worker';

  @PageLimit()
  limit: number = 50;
}

/** What could not be read, so nobody knows whose it is: for keys of all services. Only its head is shown, for whoever has to find out which program wrote it. */
@Controller('v1/parked')
@Needs('operate')
@Describe<ParkedController>(describedParked)
export class ParkedController {
  constructor(private readonly leftOvers: LeftOvers) {}

  @Get()
  list(@Query() { consumer, limit }: ListParked, @Caller() caller: Caller) {
    if (!operatesOnAll(caller)) throw missingService(ALL_SERVICES);
    return this.leftOvers
      .walkParked(consumer, async ({ items, waiting }) => ({
        consumer,
        waiting,
        lookedAt: items.length,
        parked: items.slice(0, limit).map(viewOf),
      }))
      .catch(refuse);
  }
}

const HEAD_CHARACTERS = 200;
/** What is read of a body: plenty for its head, however much of it is masked. */
const READ_BYTES = 4096;

const viewOf = ({ messageId, headers, content, firstPublishedAt }: LeftOver) => ({
  messageId: messageId === '' ? null : messageId,
  reason: mask(reasonOf(headers)),
  queue: headers['x-queue'] ?? headers['x-first-death-queue'] ?? null,
  firstPublishedAt: firstPublishedAt === 0 ? null : new Date(firstPublishedAt).toISOString(),
  bytes: content.length,
  head: withoutDigits(mask(content.toString('utf8', 0, READ_BYTES))).slice(0, HEAD_CHARACTERS),
});

/** The broker's own word where it parked the message itself, at the delivery limit. */
const reasonOf = (headers: LeftOver['headers']): string => {
  const reason = headers['x-reason'] ?? headers['x-first-death-reason'];
  return typeof reason === 'string' ? reason : 'unknown';
};

/** In what cannot be read any run of digits may be a code or a part of a number, whatever stands between them. */
const withoutDigits = (text: string): string => text.replace(/[\p{Nd}*](?:[\s-]*[\p{Nd}*]){2,}/gu, '****');
