import { randomBytes } from 'node:crypto';

/** `00` to `3f`. Redis Cluster keeps all of one tag on one node. */
export const TAGS: readonly string[] = Array.from({ length: 64 }, (_, tag) => tag.toString(16).padStart(2, '0'));
const ID = /^vrf_[0-3][0-9a-f]{33}$/;

/** Everything that concerns one number has the same tag, so that one script can touch all of it. */
export const tagOf = (numberHash: string): string => TAGS[parseInt(numberHash.slice(0, 2), 16) % TAGS.length]!;

/** The tag that an id carries. */
export const tagIn = (id: string): string => id.slice(4, 6);

/** `vrf_`, the number's tag, 12 hex digits of milliseconds, 80 random bits. */
export const newVerificationId = (numberHash: string, now: Date, random = randomBytes(10).toString('hex')): string =>
  `vrf_${tagOf(numberHash)}${now.getTime().toString(16).padStart(12, '0')}${random}`;

export const isVerificationId = (text: string): boolean => ID.test(text);
