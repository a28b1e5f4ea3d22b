import { AmqpError } from './amqp-error.js';
import { textOf, type Field, type Table } from './field-table.js';

/** RabbitMQ's names of the wire types, as its sentences print them. */
const TYPE_NAMES: Record<Field['type'], string> = {
  S: 'longstr',
  x: 'binary',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  L: 'long',
  T: 'timestamp',
  f: 'float',
  d: 'double',
  t: 'bool',
  D: 'decimal',
  A: 'array',
  F: 'table',
  V: 'void',
};

export const typeName = (field: Field) => TYPE_NAMES[field.type];

/** Throws RabbitMQ's sentence if a declaration's property differs from what stands; `what` is `queue 'q' in vhost '/'`. */
export function assertSame(what: string, name: string, current: unknown, received: unknown): void {
  if (received !== current) throw inequivalent(what, name, `'${String(received)}'`, `'${String(current)}'`);
}

/** Compares the arguments that count for this thing, in RabbitMQ's order: the first difference is the one reported. */
export function assertSameArguments(what: string, names: readonly string[], current: Table, received: Table): void {
  for (const name of names) {
    const [now, next] = [current.get(name), received.get(name)];
    if (now && next) {
      if (classOf(now) === classOf(next) && printed(now) === printed(next)) continue;
      throw inequivalent(what, name, `'${printed(next)}'`, `'${printed(now)}'`);
    }
    if (now !== next && !isClassic(name, now ?? next)) throw inequivalent(what, name, described(next), described(now));
  }
}

/** A queue without a type is a classic one. */
const isClassic = (name: string, field: Field | undefined) => name === 'x-queue-type' && textOf(field) === 'classic';

const inequivalent = (what: string, name: string, received: string, current: string) =>
  new AmqpError(
    'PRECONDITION_FAILED',
    `inequivalent arg '${name}' for ${what}: received ${received} but current is ${current}`,
  );

const described = (field: Field | undefined) =>
  field ? `the value '${printed(field)}' of type '${typeName(field)}'` : 'none';

const classOf = ({ type }: Field) => ('bBsuIilL'.includes(type) ? 'integer' : 'fd'.includes(type) ? 'float' : type);

function printed(field: Field): string {
  if (field.type === 'S' || field.type === 'x') return field.value.toString('utf8');
  return typeof field.value === 'object' ? JSON.stringify(field.value) : String(field.value);
}
