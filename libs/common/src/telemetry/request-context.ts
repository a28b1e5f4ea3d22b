import { AsyncLocalStorage } from 'node:async_hooks';

/** What belongs to the HTTP request that is being served, wherever its work has got to. */
export interface RequestContext {
  readonly requestId: string;
  /** W3C Trace Context of the caller, checked; undefined where it sent none that is valid. */
  readonly traceparent: string | undefined;
}

/** Empty outside of requests. */
export const requestContext = new AsyncLocalStorage<RequestContext>();

const TRACEPARENT = /^([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The header as version 00 (W3C Trace Context §3.2), whose ids and flags every later version begins with. Undefined where
 * it is not valid: nobody can say what it belongs to.
 */
export function readTraceparent(header: unknown): string | undefined {
  if (typeof header !== 'string' || header.length > 256) return undefined;
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return `00-${traceId}-${parentId}-${flags}`;
}
