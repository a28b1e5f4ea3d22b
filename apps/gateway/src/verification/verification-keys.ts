import { outboxKeysOf } from '../outbox/outbox-scripts.js';
import { tagIn, tagOf } from './verification-id.js';

/** Redis keys of verifications. Those of one number have one tag, so that one script reaches them on a cluster too. */
export const keyOf = (id: string): string => `otpost:{${tagIn(id)}}:verification:${id}`;
export const keysOf = (id: string): string[] => [keyOf(id), ...outboxKeysOf(tagIn(id))];
export const historyKeyOf = (numberHash: string): string => `otpost:{${tagOf(numberHash)}}:number:${numberHash}`;

/** Sorted sets of ids by the moment of creation: those of a service, by tag, and those of a number, of any service. */
export const serviceIndexOf = (tag: string, service: string): string => `otpost:{${tag}}:service:${service}`;
export const numberIndexOf = (tag: string, numberHash: string): string =>
  `otpost:{${tag}}:number:${numberHash}:verifications`;
