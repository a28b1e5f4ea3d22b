import type { ConsumeMessage } from 'amqplib';
import { isDeeperThan } from '../contracts/json-depth.js';

export type Reading = { readonly pattern: string; readonly data: unknown } | { readonly unreadable: string };

/** Far above any event of ours; a larger body is somebody's mistake, and costs memory and time to parse. */
const MAX_BYTES = 64 * 1024;
/** Deeper than any event of ours; what walks a value by recursion ends the stack at a few thousand. */
const MAX_DEPTH = 32;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads Nest's packet `{pattern, data}`, a CloudEvent (structured, or binary with `cloudEvents:` headers), or bare JSON
 * whose pattern is the AMQP `type` or else the routing key. A top-level `id` means nothing here.
 */
export function readEvent({ content, properties, fields }: ConsumeMessage): Reading {
  if (content.length > MAX_BYTES) return { unreadable: `too-large: ${content.length} bytes` };
  let text: string;
  try {
    text = utf8.decode(content);
  } catch {
    return { unreadable: 'not-utf8' };
  }
  if (isDeeperThan(MAX_DEPTH, text)) return { unreadable: 'too-deep' };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { unreadable: 'not-json' };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { unreadable: 'not-an-object' };
  const packet = body as Record<string, unknown>;
  if (typeof packet.specversion === 'string' && typeof packet.type === 'string')
    return { pattern: packet.type, data: packet.data };
  if (typeof packet.pattern === 'string' && 'data' in packet) return { pattern: packet.pattern, data: packet.data };
  return { pattern: cloudEventType(properties.headers) ?? textOr(properties.type) ?? fields.routingKey, data: body };
}

const textOr = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

const cloudEventType = (headers: Readonly<Record<string, unknown>> | undefined): string | undefined =>
  textOr(headers?.['cloudEvents:type'] ?? headers?.['cloudEvents_type'] ?? headers?.['ce-type']);
