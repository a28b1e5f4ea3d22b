import fc from 'fast-check';
import { ByteReader, ByteWriter } from './bytes.js';
import { readTable, writeTable, type Field, type Table } from './field-table.js';
import { FrameReader, writeContentFrames, writeMethodFrame } from './frame.js';
import { decodeMethod, type Args } from './methods.js';
import { decodeProperties, encodeProperties, type Properties } from './properties.js';

const bytes = (constraints: fc.IntArrayConstraints = {}) =>
  fc.uint8Array(constraints).map((array) => Buffer.from(array));
const octet = fc.integer({ min: 0, max: 255 });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const tag = fc.maxSafeNat();
/** At most 255 bytes of UTF-8, as a short string holds. */
const shortText = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => Buffer.byteLength(text) <= 255);

const { table } = fc.letrec<{ field: Field; table: Table }>((tie) => {
  const of = <T extends Field['type'], V>(types: T[], value: fc.Arbitrary<V>) =>
    fc.record({ type: fc.constantFrom(...types), value }) as unknown as fc.Arbitrary<Field>;
  return {
    field: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      of(['S', 'x'], bytes({ maxLength: 40 })),
      of(['b'], fc.integer({ min: -128, max: 127 })),
      of(['B'], octet),
      of(['s'], fc.integer({ min: -0x8000, max: 0x7fff })),
      of(['u'], uint16),
      of(['I'], fc.integer()),
      of(['i'], uint32),
      of(['l', 'L'], fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      of(['T'], fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      of(['f'], fc.float({ noNaN: true })),
      of(['d'], fc.double({ noNaN: true })),
      of(['t'], fc.boolean()),
      of(['D'], fc.record({ scale: octet, digits: uint32 })),
      of(['V'], fc.constant(null)),
      of(['A'], fc.array(tie('field'), { maxLength: 5 })),
      of(['F'], tie('table')),
    ),
    table: fc.array(fc.tuple(shortText, tie('field')), { maxLength: 6 }).map((entries) => new Map(entries)),
  };
});

const encoded = (write: (writer: ByteWriter) => void) => {
  const writer = new ByteWriter();
  write(writer);
  return writer.takeAll();
};

it('a field table of any types comes back as it was', () => {
  fc.assert(
    fc.property(table, (original) => {
      const reader = new ByteReader(encoded((writer) => writeTable(writer, original)));
      expect(readTable(reader)).toEqual(original);
      expect(reader.left).toBe(0);
    }),
  );
});

const declaration = fc.record({
  queue: shortText,
  passive: fc.boolean(),
  durable: fc.boolean(),
  exclusive: fc.boolean(),
  autoDelete: fc.boolean(),
  noWait: fc.boolean(),
  arguments: table,
});
const delivery = fc.record({
  consumerTag: shortText,
  deliveryTag: tag,
  redelivered: fc.boolean(),
  exchange: shortText,
  routingKey: shortText,
});

it('a method comes back as it was: every kind of argument, bits packed between others', () => {
  fc.assert(
    fc.property(declaration, delivery, uint16, (declare, deliver, channel) => {
      const reader = new FrameReader();
      reader.push(encoded((writer) => writeMethodFrame(writer, channel, 'queue.declare', declare)));
      reader.push(encoded((writer) => writeMethodFrame(writer, channel, 'basic.deliver', deliver)));
      for (const [name, args] of [
        ['queue.declare', declare],
        ['basic.deliver', deliver],
      ] as const) {
        const frame = reader.next()!;
        expect(frame.channel).toBe(channel);
        expect(decodeMethod(frame.payload)).toEqual({ name, args });
      }
    }),
  );
});

it('writes and reads the bytes of the specification', () => {
  const args: Args<'basic.ack'> = { deliveryTag: 0x1_0000_0002, multiple: true };
  const frame = encoded((writer) => writeMethodFrame(writer, 7, 'basic.ack', args));
  expect(frame.toString('hex')).toBe('01' + '0007' + '0000000d' + '003c' + '0050' + '0000000100000002' + '01' + 'ce');
});

const properties: fc.Arbitrary<Properties> = fc.record(
  {
    contentType: shortText,
    contentEncoding: shortText,
    headers: table,
    deliveryMode: octet,
    priority: octet,
    correlationId: shortText,
    replyTo: shortText,
    expiration: shortText,
    messageId: shortText,
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    type: shortText,
    userId: shortText,
    appId: shortText,
    clusterId: shortText,
  },
  { requiredKeys: [] },
);

it('properties come back as they were, whichever are there', () => {
  fc.assert(
    fc.property(properties, (original) => {
      expect(decodeProperties(encodeProperties(original))).toEqual(original);
    }),
  );
});

it('a message is cut into frames no larger than agreed, and found again however its bytes arrive', () => {
  fc.assert(
    fc.property(bytes({ maxLength: 20_000 }), fc.array(fc.integer({ min: 1, max: 3000 })), (body, cuts) => {
      const content = { properties: encodeProperties({}), body };
      const sent = encoded((writer) => writeContentFrames(writer, 1, content, 4096));
      const reader = new FrameReader();
      reader.maxBytes = 4096;
      const payloads: Buffer[] = [];
      for (const piece of pieces(sent, cuts)) {
        reader.push(piece);
        for (let frame = reader.next(); frame; frame = reader.next()) payloads.push(frame.payload);
      }
      expect(Buffer.concat(payloads.slice(1)).equals(body)).toBe(true);
      expect(payloads).toHaveLength(1 + Math.ceil(body.length / 4088));
    }),
  );
});

it('a value that ends beyond its frame is a syntax error, as is a table without a bottom', () => {
  const cut = encoded((writer) => writeTable(writer, new Map([['a', { type: 'i', value: 1 }]]))).subarray(0, 9);
  expect(() => readTable(new ByteReader(cut))).toThrow('SYNTAX_ERROR');

  let nested: Field = { type: 'V', value: null };
  for (let depth = 0; depth < 100; depth++) nested = { type: 'A', value: [nested] };
  const deep = encoded((writer) => writeTable(writer, new Map([['a', nested]])));
  expect(() => readTable(new ByteReader(deep))).toThrow('nested too deeply');
});

function pieces(whole: Buffer, cuts: number[]): Buffer[] {
  const found: Buffer[] = [];
  let start = 0;
  for (const cut of cuts) {
    found.push(whole.subarray(start, start + cut));
    start += cut;
  }
  return [...found, whole.subarray(start)];
}
