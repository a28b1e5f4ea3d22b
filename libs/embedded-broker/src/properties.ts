import { ByteReader, ByteWriter } from './bytes.js';
import { readTable, writeTable, type Table } from './field-table.js';

export interface Properties {
  contentType?: string;
  contentEncoding?: string;
  headers?: Table;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  /** Milliseconds, written as text. */
  expiration?: string;
  messageId?: string;
  /** Seconds since 1970. */
  timestamp?: bigint;
  type?: string;
  userId?: string;
  appId?: string;
  clusterId?: string;
}

/** In wire order: the first has the highest bit of the flags. */
const FIELDS: readonly (readonly [keyof Properties, 'shortstr' | 'table' | 'octet' | 'uint64'])[] = [
  ['contentType', 'shortstr'],
  ['contentEncoding', 'shortstr'],
  ['headers', 'table'],
  ['deliveryMode', 'octet'],
  ['priority', 'octet'],
  ['correlationId', 'shortstr'],
  ['replyTo', 'shortstr'],
  ['expiration', 'shortstr'],
  ['messageId', 'shortstr'],
  ['timestamp', 'uint64'],
  ['type', 'shortstr'],
  ['userId', 'shortstr'],
  ['appId', 'shortstr'],
  ['clusterId', 'shortstr'],
];

/** Reads flags and fields as they stand in a content header. */
export function decodeProperties(encoded: Buffer): Properties {
  const reader = new ByteReader(encoded);
  const flags = reader.short();
  const properties: Record<string, unknown> = {};
  for (const [index, [name, kind]] of FIELDS.entries()) {
    if ((flags & (0x8000 >> index)) === 0) continue;
    properties[name] = kind === 'table' ? readTable(reader) : reader[kind]();
  }
  return properties;
}

export function encodeProperties(properties: Properties): Buffer {
  const writer = new ByteWriter();
  writer.short(
    FIELDS.reduce((flags, [name], index) => (properties[name] === undefined ? flags : flags | (0x8000 >> index)), 0),
  );
  for (const [name, kind] of FIELDS) {
    const value = properties[name];
    if (value === undefined) continue;
    if (kind === 'table') writeTable(writer, value as Table);
    else if (kind === 'shortstr') writer.shortstr(value as string);
    else if (kind === 'uint64') writer.uint64(value as bigint);
    else writer.octet(value as number);
  }
  return writer.takeAll();
}
