import type { RequestSeed } from './request-seed.js';

/** An answer as it is given again. Holds no code and no readable number. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The body is the details of a Problem. */
  readonly problem?: true;
}

/** One run of a request. */
export interface Run {
  /** Keyed hash of the caller, the route and the key. */
  readonly id: string;
  /** Keyed hash of the path and the body. */
  readonly fingerprint: string;
  /** Of this run alone: what another run has begun is not its to end. */
  readonly owner: string;
}

export type Begun =
  | { readonly kind: 'begun'; readonly seed: RequestSeed; readonly again: boolean }
  /** Another run of the same request has not ended. */
  | { readonly kind: 'running' }
  /** The key belongs to another request. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer };

/**
 * A run that has not ended after so long counts as dead. With a PUBLISH_TIMEOUT_SECONDS beyond it the run may still wait for
 * the broker: the next one beside it has the same seed, finds what was saved, and sends nothing.
 */
export const RUNNING_MS = 10_000;
/** How long a request is known, from its first run on. */
export const KEPT_MS = 24 * 3600_000;

/**
 * Requests by their idempotency keys. Each method is one atomic step for any number of gateways; the store times what it
 * keeps by its own clock. All but the memory store may throw RedisUnavailableError.
 *
 * 1. `begin` marks the request as running, for 10 s at most, and keeps its seed for 24 h
 * 2. `answer` keeps the answer and ends the run
 * 3. `end` ends a run without an answer: the next one begins `again`, with the same seed
 * 4. `forget` also forgets the seed: the request had no effect. Only for a run that did not begin `again`
 *
 * Chosen by REDIS_URL, like the store of verifications.
 */
export interface IdempotencyStore {
  /** Whether a request has begun under this id and is not forgotten. */
  knows(id: string): Promise<boolean>;
  begin(run: Run, seed: RequestSeed): Promise<Begun>;
  /** The first answer stays, whoever gives another. */
  answer(run: Run, answer: KeptAnswer): Promise<void>;
  end(run: Run): Promise<void>;
  forget(run: Run): Promise<void>;
}

export const IdempotencyStore = Symbol('IdempotencyStore');
