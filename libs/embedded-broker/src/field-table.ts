import { AmqpError } from './amqp-error.js';
import { ByteReader, ByteWriter } from './bytes.js';

/**
 * A value with the type it had on the wire: a header that passes through leaves as it came, and an argument is
 * compared and reported by its type. The letters are RabbitMQ's: https://www.rabbitmq.com/amqp-0-9-1-errata.html#section_3
 */
export type Field =
  | { type: 'S' | 'x'; value: Buffer }
  | { type: 'b' | 'B' | 's' | 'u' | 'I' | 'i' | 'f' | 'd'; value: number }
  | { type: 'l' | 'L' | 'T'; value: bigint }
  | { type: 't'; value: boolean }
  | { type: 'D'; value: { scale: number; digits: number } }
  | { type: 'A'; value: Field[] }
  | { type: 'F'; value: Table }
  | { type: 'V'; value: null };

export type Table = Map<string, Field>;

/** Deeper nesting is not data but an attack on the stack. */
const MAX_DEPTH = 64;

export const textField = (value: string): Field => ({ type: 'S', value: Buffer.from(value, 'utf8') });
export const longField = (value: number): Field => ({ type: 'l', value: BigInt(value) });

/** A long string's text, undefined for any other type. */
export const textOf = (field: Field | undefined): string | undefined =>
  field?.type === 'S' ? field.value.toString('utf8') : undefined;

/** An integer's value, undefined for any other type. */
export function integerOf(field: Field | undefined): number | undefined {
  if (!field) return undefined;
  return 'bBsuIilL'.includes(field.type) ? Number(field.value) : undefined;
}

export function readTable(reader: ByteReader, depth = 0): Table {
  const inside = new ByteReader(reader.longstr());
  const table: Table = new Map();
  while (inside.left > 0) table.set(inside.shortstr(), readField(inside, depth + 1));
  return table;
}

export function writeTable(writer: ByteWriter, table: Table): void {
  const length = writer.beginLength();
  for (const [name, field] of table) {
    writer.shortstr(name);
    writeField(writer, field);
  }
  writer.endLength(length);
}

function readField(reader: ByteReader, depth: number): Field {
  if (depth > MAX_DEPTH) throw new AmqpError('SYNTAX_ERROR', 'a table is nested too deeply');
  const type = String.fromCharCode(reader.octet());
  switch (type) {
    case 'S':
    case 'x':
      return { type, value: Buffer.from(reader.longstr()) };
    case 't':
      return { type, value: reader.octet() !== 0 };
    case 'b':
      return { type, value: reader.take(1).readInt8() };
    case 'B':
      return { type, value: reader.octet() };
    case 's':
      return { type, value: reader.take(2).readInt16BE() };
    case 'u':
      return { type, value: reader.short() };
    case 'I':
      return { type, value: reader.take(4).readInt32BE() };
    case 'i':
      return { type, value: reader.long() };
    case 'l':
    case 'L':
      return { type, value: reader.take(8).readBigInt64BE() };
    case 'T':
      return { type, value: reader.uint64() };
    case 'f':
      return { type, value: reader.take(4).readFloatBE() };
    case 'd':
      return { type, value: reader.take(8).readDoubleBE() };
    case 'D':
      return { type, value: { scale: reader.octet(), digits: reader.long() } };
    case 'F':
      return { type, value: readTable(reader, depth) };
    case 'A':
      return { type, value: readArray(reader, depth) };
    case 'V':
      return { type, value: null };
    default:
      throw new AmqpError('SYNTAX_ERROR', `unknown field type ${JSON.stringify(type)}`);
  }
}

function readArray(reader: ByteReader, depth: number): Field[] {
  const inside = new ByteReader(reader.longstr());
  const fields: Field[] = [];
  while (inside.left > 0) fields.push(readField(inside, depth + 1));
  return fields;
}

function writeField(writer: ByteWriter, field: Field): void {
  writer.octet(field.type.charCodeAt(0));
  switch (field.type) {
    case 'S':
    case 'x':
      return writer.longstr(field.value);
    case 't':
      return writer.octet(field.value ? 1 : 0);
    case 'b':
    case 'B':
      return writer.octet(field.value & 0xff);
    case 's':
    case 'u':
      return writer.short(field.value & 0xffff);
    case 'I':
    case 'i':
      return writer.long(field.value >>> 0);
    case 'l':
    case 'L':
    case 'T':
      return writer.uint64(BigInt.asUintN(64, field.value));
    case 'f':
      return writer.append(bytesOf(4, (bytes) => bytes.writeFloatBE(field.value)));
    case 'd':
      return writer.append(bytesOf(8, (bytes) => bytes.writeDoubleBE(field.value)));
    case 'D':
      writer.octet(field.value.scale);
      return writer.long(field.value.digits);
    case 'F':
      return writeTable(writer, field.value);
    case 'A':
      return writeArray(writer, field.value);
    case 'V':
      return;
  }
}

function writeArray(writer: ByteWriter, fields: Field[]): void {
  const length = writer.beginLength();
  for (const field of fields) writeField(writer, field);
  writer.endLength(length);
}

function bytesOf(length: number, fill: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  fill(bytes);
  return bytes;
}
