import { AppLogger, Metrics, Problem } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { KeyedHash } from '../verification/keyed-hash.js';
import { IdempotencyStore, type KeptAnswer, type Run } from './idempotency-store.js';
import { newSeed, type SeededRequest } from './request-seed.js';
import { inProgress, keyReused } from './refusals.js';

/** A request that may come again. */
export interface RepeatableRequest {
  /** Service and id of the caller's key. */
  readonly callerId: string;
  /** Method and pattern of the path. */
  readonly route: string;
  readonly path: string;
  readonly body: unknown;
  readonly key: string;
}

/** What the request's own work came to. */
export type Result = { readonly answer: KeptAnswer } | { readonly error: unknown };

/**
 * Lets requests with an `Idempotency-Key` take effect once (draft-ietf-httpapi-idempotency-key-header-07):
 *
 * 1. `begin`, one step in the store, before anything else happens. Only one of any number of equal requests gets through.
 * 2. The request is served. What it makes gets its ids from the seed.
 * 3. `end` keeps the answer before it is given: where that fails, or the process dies before it, the request runs again
 *    when the mark has lapsed, and finds by its seed what it did.
 */
@Injectable()
export class Idempotency {
  private readonly requests;

  constructor(
    @Inject(IdempotencyStore) private readonly store: IdempotencyStore,
    private readonly hash: KeyedHash,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.requests = metrics.counter(
      'otpost_idempotent_requests_total',
      'Requests with an idempotency key, by what was found: begun, again (unanswered), answered, running, reused.',
      ['outcome'],
    );
  }

  /** @throws Problem for a key that is in use, or was used for another request. */
  async begin(
    request: RepeatableRequest,
  ): Promise<{ readonly kept: KeptAnswer } | { readonly run: Run; readonly seed: SeededRequest }> {
    const run = await this.runOf(request);
    const begun = await this.store.begin(run, newSeed(new Date()));
    this.requests.inc({ outcome: begun.kind === 'begun' && begun.again ? 'again' : begun.kind });
    switch (begun.kind) {
      case 'reused':
        throw keyReused();
      case 'running':
        throw inProgress();
      case 'answered':
        return { kept: begun.answer };
      case 'begun':
        return { run, seed: { ...begun.seed, again: begun.again } };
    }
  }

  /** Never throws: an answer that could not be noted is given all the same. */
  async end(run: Run, result: Result, again: boolean): Promise<void> {
    try {
      await this.note(run, result, again);
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, 'the end of a request was not noted');
    }
  }

  private note(run: Run, result: Result, again: boolean): Promise<void> {
    if ('answer' in result) return this.store.answer(run, result.answer);
    const { error } = result;
    if (!(error instanceof Problem) || error.details.status >= 500) return this.store.end(run);
    if (isLasting(error))
      return this.store.answer(run, {
        status: error.details.status,
        headers: error.headers,
        body: error.details,
        problem: true,
      });
    // It had no effect, and is decided as fast again as it would be found. That is no news of the runs before it.
    return again ? this.store.end(run) : this.store.forget(run);
  }

  /** By the name that it is known by; only while a hash key is rotated does it have others than the first. */
  private async runOf({ callerId, route, path, body, key }: RepeatableRequest): Promise<Run> {
    const ids = this.hash.ofRequest(['key', callerId, route, key]);
    const fingerprints = this.hash.ofRequest(['body', path, JSON.stringify(body ?? null)]);
    const known = ids.length === 1 ? [] : await Promise.all(ids.map((id) => this.store.knows(id)));
    const at = Math.max(0, known.indexOf(true));
    return { id: ids[at]!, fingerprint: fingerprints[at]!, owner: randomUUID() };
  }
}

/**
 * A refusal that depends on what was there, such as a verification that has ended meanwhile. The others are for the moment
 * (429), or need nothing kept to come again: whoever is no user of anything may make any number of them, before any limit.
 */
const isLasting = ({ details: { status } }: Problem): boolean => status === 409;
