import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { randomBytes, randomUUID } from 'node:crypto';

/**
 * What the ids of a request's effects are made from. It is kept with the request's idempotency key: a repetition makes the
 * same ids, and so finds what the first request has left, though nobody knows how far that one got.
 */
export interface RequestSeed {
  /** When the request came for the first time, epoch milliseconds. */
  readonly at: number;
  /** 80 bits in hex, for the id of a verification. */
  readonly random: string;
  /** For a text. */
  readonly messageId: string;
}

/** The seed of one request. `again`: it came before, and may have taken effect. */
export type SeededRequest = RequestSeed & { readonly again: boolean };

export const newSeed = (now: Date): RequestSeed => ({
  at: now.getTime(),
  random: randomBytes(10).toString('hex'),
  messageId: randomUUID(),
});

export interface RequestWithSeed {
  seed?: SeededRequest;
}

/** Parameter of a controller's method: the seed of its request, a fresh one where it has no idempotency key. */
export const Seed = createParamDecorator(
  (_: unknown, context: ExecutionContext): SeededRequest =>
    context.switchToHttp().getRequest<RequestWithSeed>().seed ?? { ...newSeed(new Date()), again: false },
);
