import type { KeyEntry } from './access.config.js';
import type { KeptKey } from './key-store.js';

/** A key as an operator may see it: nothing by which it could be used. */
export const viewOf = ({ key, lastUsedAt }: KeptKey, now: Date) => {
  const before = key.secrets.find(({ validUntil }) => validUntil !== undefined && now.getTime() < validUntil);
  return {
    id: key.id,
    source: 'stored',
    service: key.service,
    scopes: key.scopes,
    description: key.description,
    cidrs: key.cidrs,
    createdAt: iso(key.createdAt),
    createdBy: key.createdBy,
    rotatedAt: iso(key.rotatedAt),
    /** Until then the secret before the last rotation works too. */
    overlapEndsAt: iso(before?.validUntil),
    expiresAt: iso(key.expiresAt),
    lastUsedAt: iso(lastUsedAt),
  };
};

/** What is known of a key of API_KEYS. */
export const configuredViewOf = ({ id, service, scopes }: KeyEntry) => ({ id, source: 'configured', service, scopes });

const iso = (milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString();
