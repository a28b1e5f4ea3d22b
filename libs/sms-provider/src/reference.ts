import { createHash } from 'node:crypto';

/** The reference of the n-th request for a message: legal at every company (32 hex digits), and the same on every worker. */
export const referenceOf = (messageId: string, n: number): string =>
  createHash('sha256').update(`${messageId}:${n}`).digest('hex').slice(0, 32);
