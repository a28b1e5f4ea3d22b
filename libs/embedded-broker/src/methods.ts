import { AmqpError } from './amqp-error.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { readTable, writeTable, type Table } from './field-table.js';

/** Every method that is spoken here: class id, method id, arguments in wire order. `_` marks a reserved one. */
const METHODS = {
  'connection.start': [
    10,
    10,
    { major: 'octet', minor: 'octet', serverProperties: 'table', mechanisms: 'longstr', locales: 'longstr' },
  ],
  'connection.start-ok': [
    10,
    11,
    { clientProperties: 'table', mechanism: 'shortstr', response: 'longstr', locale: 'shortstr' },
  ],
  'connection.tune': [10, 30, { channelMax: 'short', frameMax: 'long', heartbeat: 'short' }],
  'connection.tune-ok': [10, 31, { channelMax: 'short', frameMax: 'long', heartbeat: 'short' }],
  'connection.open': [10, 40, { virtualHost: 'shortstr', _capabilities: 'shortstr', _insist: 'bit' }],
  'connection.open-ok': [10, 41, { _knownHosts: 'shortstr' }],
  'connection.close': [10, 50, { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' }],
  'connection.close-ok': [10, 51, {}],
  'connection.blocked': [10, 60, { reason: 'shortstr' }],
  'connection.unblocked': [10, 61, {}],
  'channel.open': [20, 10, { _outOfBand: 'shortstr' }],
  'channel.open-ok': [20, 11, { _channelId: 'longstr' }],
  'channel.flow': [20, 20, { active: 'bit' }],
  'channel.flow-ok': [20, 21, { active: 'bit' }],
  'channel.close': [20, 40, { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' }],
  'channel.close-ok': [20, 41, {}],
  'exchange.declare': [
    40,
    10,
    {
      _ticket: 'short',
      exchange: 'shortstr',
      type: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      autoDelete: 'bit',
      internal: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  ],
  'exchange.declare-ok': [40, 11, {}],
  'exchange.delete': [40, 20, { _ticket: 'short', exchange: 'shortstr', ifUnused: 'bit', noWait: 'bit' }],
  'exchange.delete-ok': [40, 21, {}],
  'queue.declare': [
    50,
    10,
    {
      _ticket: 'short',
      queue: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      exclusive: 'bit',
      autoDelete: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  ],
  'queue.declare-ok': [50, 11, { queue: 'shortstr', messageCount: 'long', consumerCount: 'long' }],
  'queue.bind': [
    50,
    20,
    {
      _ticket: 'short',
      queue: 'shortstr',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      noWait: 'bit',
      arguments: 'table',
    },
  ],
  'queue.bind-ok': [50, 21, {}],
  'queue.purge': [50, 30, { _ticket: 'short', queue: 'shortstr', noWait: 'bit' }],
  'queue.purge-ok': [50, 31, { messageCount: 'long' }],
  'queue.delete': [50, 40, { _ticket: 'short', queue: 'shortstr', ifUnused: 'bit', ifEmpty: 'bit', noWait: 'bit' }],
  'queue.delete-ok': [50, 41, { messageCount: 'long' }],
  'queue.unbind': [
    50,
    50,
    { _ticket: 'short', queue: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr', arguments: 'table' },
  ],
  'queue.unbind-ok': [50, 51, {}],
  'basic.qos': [60, 10, { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' }],
  'basic.qos-ok': [60, 11, {}],
  'basic.consume': [
    60,
    20,
    {
      _ticket: 'short',
      queue: 'shortstr',
      consumerTag: 'shortstr',
      _noLocal: 'bit',
      noAck: 'bit',
      exclusive: 'bit',
      noWait: 'bit',
      arguments: 'table',
    },
  ],
  'basic.consume-ok': [60, 21, { consumerTag: 'shortstr' }],
  'basic.cancel': [60, 30, { consumerTag: 'shortstr', noWait: 'bit' }],
  'basic.cancel-ok': [60, 31, { consumerTag: 'shortstr' }],
  'basic.publish': [
    60,
    40,
    { _ticket: 'short', exchange: 'shortstr', routingKey: 'shortstr', mandatory: 'bit', immediate: 'bit' },
  ],
  'basic.return': [60, 50, { replyCode: 'short', replyText: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr' }],
  'basic.deliver': [
    60,
    60,
    {
      consumerTag: 'shortstr',
      deliveryTag: 'longlong',
      redelivered: 'bit',
      exchange: 'shortstr',
      routingKey: 'shortstr',
    },
  ],
  'basic.get': [60, 70, { _ticket: 'short', queue: 'shortstr', noAck: 'bit' }],
  'basic.get-ok': [
    60,
    71,
    { deliveryTag: 'longlong', redelivered: 'bit', exchange: 'shortstr', routingKey: 'shortstr', messageCount: 'long' },
  ],
  'basic.get-empty': [60, 72, { _clusterId: 'shortstr' }],
  'basic.ack': [60, 80, { deliveryTag: 'longlong', multiple: 'bit' }],
  'basic.reject': [60, 90, { deliveryTag: 'longlong', requeue: 'bit' }],
  'basic.recover-async': [60, 100, { requeue: 'bit' }],
  'basic.recover': [60, 110, { requeue: 'bit' }],
  'basic.recover-ok': [60, 111, {}],
  'basic.nack': [60, 120, { deliveryTag: 'longlong', multiple: 'bit', requeue: 'bit' }],
  'confirm.select': [85, 10, { noWait: 'bit' }],
  'confirm.select-ok': [85, 11, {}],
} as const;

interface Kinds {
  octet: number;
  short: number;
  long: number;
  longlong: number;
  bit: boolean;
  shortstr: string;
  longstr: Buffer;
  table: Table;
}
type Kind = keyof Kinds;

export type MethodName = keyof typeof METHODS;
type Declared<N extends MethodName> = (typeof METHODS)[N][2];
/** A method's arguments by name; reserved ones are left out. */
export type Args<N extends MethodName> = {
  [K in keyof Declared<N> as K extends `_${string}` ? never : K]: Kinds[Declared<N>[K] & Kind];
};
export type Method = { [N in MethodName]: { name: N; args: Args<N> } }[MethodName];

interface Shape {
  readonly name: MethodName;
  readonly id: number;
  readonly args: readonly (readonly [name: string, kind: Kind, reserved: boolean])[];
}

const shapes = Object.entries(METHODS).map(([name, [classId, methodId, args]]): Shape => ({
  name: name as MethodName,
  id: classId * 0x1_0000 + methodId,
  args: Object.entries(args as Record<string, Kind>).map(([arg, kind]) => [arg, kind, arg.startsWith('_')]),
}));
const byId = new Map(shapes.map((shape) => [shape.id, shape]));
const byName = new Map(shapes.map((shape) => [shape.name, shape]));

/** Throws NOT_IMPLEMENTED for a method that is not in the table. */
export function decodeMethod(payload: Buffer): Method {
  const reader = new ByteReader(payload);
  const [classId, methodId] = [reader.short(), reader.short()];
  const shape = byId.get(classId * 0x1_0000 + methodId);
  if (!shape) throw new AmqpError('NOT_IMPLEMENTED', `class ${classId}, method ${methodId}`);
  const args: Record<string, Kinds[Kind]> = {};
  let bits = 0;
  let bit = 8;
  for (const [name, kind, reserved] of shape.args) {
    let value: Kinds[Kind];
    if (kind === 'bit') {
      if (bit === 8) [bits, bit] = [reader.octet(), 0];
      value = (bits & (1 << bit++)) !== 0;
    } else {
      bit = 8;
      value = kind === 'table' ? readTable(reader) : reader[kind]();
    }
    if (!reserved) args[name] = value;
  }
  return { name: shape.name, args } as unknown as Method;
}

export function writeMethod<N extends MethodName>(writer: ByteWriter, name: N, args: Args<N>): void {
  const shape = byName.get(name)!;
  writer.long(shape.id);
  const values = args as Record<string, Kinds[Kind] | undefined>;
  let bits = 0;
  let bit = 0;
  for (const [argument, kind] of shape.args) {
    const value = values[argument];
    if (kind === 'bit') {
      if (value) bits |= 1 << bit;
      bit++;
      continue;
    }
    if (bit > 0) {
      writer.octet(bits);
      [bits, bit] = [0, 0];
    }
    writeValue(writer, kind, value);
  }
  if (bit > 0) writer.octet(bits);
}

/** A reserved argument has no value: zero, or empty. */
function writeValue(writer: ByteWriter, kind: Exclude<Kind, 'bit'>, value: Kinds[Kind] | undefined): void {
  if (kind === 'table') writeTable(writer, (value as Table | undefined) ?? new Map<string, never>());
  else if (kind === 'shortstr') writer.shortstr((value as string | undefined) ?? '');
  else if (kind === 'longstr') writer.longstr((value as Buffer | undefined) ?? Buffer.alloc(0));
  else writer[kind]((value as number | undefined) ?? 0);
}

/** The ids that a close method names as its cause. */
export function idsOf(name: MethodName): { classId: number; methodId: number } {
  const [classId, methodId] = METHODS[name];
  return { classId, methodId };
}
