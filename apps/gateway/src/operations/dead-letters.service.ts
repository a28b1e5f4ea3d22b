import { AppLogger, LeftOvers, Sealer, type LeftOverWalk } from '@app/common';
import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_SERVICE, operatesOnAll, type Caller } from '../access/caller.js';
import { readNumber } from '../numbers/phone-number.js';
import { invalidPhoneNumber } from '../numbers/refusals.js';
import { Services } from '../services/services.js';
import { byAge, deadLettersOf, matches, Replayed, type DeadLetter, type DeadLetterFilter } from './dead-letter.js';
import {
  millisecondsOf,
  type DeadLetterSelection,
  type DiscardDeadLetters,
  type ReplayDeadLetters,
} from './dead-letters.requests.js';
import { Ownership } from './ownership.js';
import { refuse } from './refusals.js';
import { Replayability } from './replayability.js';

/** What one look found of what the caller may see. */
export interface Found {
  readonly letters: readonly DeadLetter[];
  /** Dead letters in the queue; more than were looked at where there are very many. For a key of one service: of that one. */
  readonly waiting: number;
  /** Of `waiting`. */
  readonly lookedAt: number;
  readonly now: Date;
}

/** What became of one batch. */
export interface Batch {
  readonly waiting: number;
  /** Those that the selection meets, before anything was done. */
  readonly matching: number;
  /** Replayed or discarded; with `dryRun` what would be. */
  readonly done: number;
  /** Copies of what was replayed just now, left by a replay that died midway: dropped. Of a replay alone. */
  readonly twins?: number;
  /** How many of `matching` must not be replayed, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** How many of `matching` the next batch may do. */
  readonly remaining: number;
  /** Why the broker takes no more, where it did not. */
  readonly stopped: string | undefined;
  readonly startedAt: Date;
}

/** A batch holds what it looks at: nobody else sees it. So it ends by then, and the next one goes on. */
const BATCH_SECONDS = 5;

/** Looks at dead letters and moves them. Dying at any moment loses none, and a replayed text is sent once by its ledger. */
@Injectable()
export class DeadLettersService {
  constructor(
    private readonly leftOvers: LeftOvers,
    private readonly ownership: Ownership,
    private readonly replayability: Replayability,
    private readonly sealer: Sealer,
    private readonly services: Services,
    private readonly logger: AppLogger,
  ) {}

  /** The oldest first. */
  find(selection: DeadLetterSelection & { messageIds?: string[] }, caller: Caller): Promise<Found> {
    const now = new Date();
    const filter = this.filterOf(selection, caller);
    return this.walk(selection.queue, async (walk) => {
      const { own, waiting } = await this.look(walk, caller, now);
      return { letters: matching(own, filter, now), waiting, lookedAt: own.length, now };
    });
  }

  replay(request: ReplayDeadLetters, caller: Caller): Promise<Batch> {
    const filter = this.filterOf(request, caller);
    return this.walk(request.queue, (walk) => this.replayBatch(walk, request, filter, caller));
  }

  discard(request: DiscardDeadLetters, caller: Caller): Promise<Batch> {
    const startedAt = new Date();
    const filter = this.filterOf(request, caller);
    return this.walk(request.queue, async (walk) => {
      const { own, waiting } = await this.look(walk, caller, startedAt);
      const letters = matching(own, filter, startedAt);
      const batch = letters.slice(0, request.dryRun ? letters.length : request.limit);
      if (!request.dryRun) for (const { item } of batch) walk.discard(item);
      if (!request.dryRun && batch.length > 0)
        this.logger.warn({ queue: request.queue, by: caller.id, discarded: batch.length }, 'dead letters discarded');
      const remaining = letters.length - batch.length;
      return {
        waiting,
        matching: letters.length,
        done: batch.length,
        skipped: {},
        remaining,
        stopped: undefined,
        startedAt,
      };
    });
  }

  private walk<T>(queue: string, work: (walk: LeftOverWalk) => Promise<T>): Promise<T> {
    return this.leftOvers.walkDead(queue, work).catch(refuse);
  }

  private async replayBatch(
    walk: LeftOverWalk,
    { queue, dryRun, limit, ratePerSecond }: ReplayDeadLetters,
    filter: DeadLetterFilter,
    caller: Caller,
  ): Promise<Batch> {
    const startedAt = new Date();
    const { own, waiting } = await this.look(walk, caller, startedAt);
    const letters = matching(own, filter, startedAt);
    const { fit, skipped } = await this.sort(letters, startedAt);
    const batch = dryRun ? [] : fit.slice(0, Math.min(limit, ratePerSecond * BATCH_SECONDS));
    const replayed = new Replayed();
    let done = 0;
    let twins = 0;
    let stopped: string | undefined;
    let taken = 0;
    for (const [n, letter] of batch.entries()) {
      await sleep(startedAt.getTime() + (n * 1000) / ratePerSecond - Date.now());
      const { item } = letter;
      const outcome = replayed.hasTwinOf(letter) ? 'twin' : await walk.replay(item, caller.id, new Date());
      if (outcome === 'twin') {
        walk.discard(item);
        twins++;
      } else if (outcome === 'confirmed') {
        replayed.add(letter);
        done++;
      } else if (outcome === 'unwritable') skipped[outcome] = (skipped[outcome] ?? 0) + 1;
      else {
        stopped = outcome;
        break;
      }
      taken++;
    }
    if (done > 0) this.logger.warn({ queue, by: caller.id, replayed: done, twins }, 'dead letters replayed');
    return {
      waiting,
      matching: letters.length,
      done: dryRun ? fit.length : done,
      twins,
      skipped,
      remaining: dryRun ? 0 : fit.length - taken,
      stopped,
      startedAt,
    };
  }

  private async sort(letters: readonly DeadLetter[], now: Date) {
    const fit: DeadLetter[] = [];
    const skipped: Record<string, number> = {};
    for (const letter of letters) {
      const obstacle = await this.replayability.obstacleOf(letter, now);
      if (obstacle === undefined) fit.push(letter);
      else skipped[obstacle] = (skipped[obstacle] ?? 0) + 1;
    }
    return { fit, skipped };
  }

  /** Of another service's letters a caller does not even learn how many there are. */
  private async look({ items, waiting }: LeftOverWalk, caller: Caller, now: Date) {
    const letters = deadLettersOf(items, this.sealer);
    const own = await this.ownership.ownOf(letters, caller, now);
    return { own, waiting: operatesOnAll(caller) ? waiting : own.length };
  }

  private filterOf(selection: DeadLetterSelection & Partial<ReplayDeadLetters>, caller: Caller): DeadLetterFilter {
    const { messageIds, reason, provider, olderThan, to, notReplayedSince } = selection;
    return {
      messageIds,
      reason,
      provider,
      class: selection.class,
      olderThanMs: olderThan === undefined ? undefined : millisecondsOf(olderThan),
      to: to === undefined ? undefined : this.numberOf(to, caller),
      notReplayedSince: notReplayedSince === undefined ? undefined : Date.parse(notReplayedSince),
    };
  }

  private numberOf(text: string, { service }: Caller): string {
    const { defaultRegion } = this.services.find(service) ?? this.services.of(DEFAULT_SERVICE);
    const number = readNumber(text, defaultRegion);
    if (number.kind !== 'number') throw invalidPhoneNumber();
    return number.to;
  }
}

const matching = (letters: readonly DeadLetter[], filter: DeadLetterFilter, now: Date): DeadLetter[] =>
  letters.filter((letter) => matches(letter, filter, now)).sort(byAge);
