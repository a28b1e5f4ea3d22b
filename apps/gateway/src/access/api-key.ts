import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from './caller.js';

/** A key as it is kept: of its secrets the hashes only. Times are epoch milliseconds. */
export interface ApiKey extends Caller {
  readonly description: string;
  /** From where it may be used; everywhere if empty. */
  readonly cidrs: readonly string[];
  /** The newest first; the one before it works until its overlap ends. */
  readonly secrets: readonly { readonly hash: string; readonly validUntil?: number }[];
  readonly createdAt: number;
  /** Id of the key that made it. */
  readonly createdBy: string;
  readonly rotatedAt?: number;
  readonly expiresAt?: number | undefined;
}

/** 256 random bits: guessing them is hopeless, so their hash needs no slowness. */
export const newSecret = (id: string): string => `otp_${id}_${randomBytes(32).toString('base64url')}`;
const SECRET = /^otp_[a-z0-9-]{1,32}_[A-Za-z0-9_-]{43}$/;
/** Whether it may be the secret of a stored key at all. */
export const looksLikeSecret = (text: string): boolean => SECRET.test(text);

/** SHA-256. */
export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret, 'utf8').digest();

export const isExpired = ({ expiresAt }: ApiKey, now: Date): boolean =>
  expiresAt !== undefined && now.getTime() >= expiresAt;

/** Whether this secret of the key still opens anything. */
export const isValid = ({ secrets }: ApiKey, hash: string, now: Date): boolean =>
  secrets.some(
    (secret) => secret.hash === hash && (secret.validUntil === undefined || now.getTime() < secret.validUntil),
  );

/** With a new secret. The one before works `overlapMs` longer, and any older one ends at once. */
export function rotated(key: ApiKey, hash: string, overlapMs: number, now: Date): ApiKey {
  const [latest] = key.secrets;
  const before = latest && overlapMs > 0 ? [{ hash: latest.hash, validUntil: now.getTime() + overlapMs }] : [];
  return { ...key, secrets: [{ hash }, ...before], rotatedAt: now.getTime() };
}
