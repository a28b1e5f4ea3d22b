import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  EventPublisher,
  patternOf,
  SMS_OUTCOMES,
  SmsReceipt,
  SmsSend,
  VerificationCodeParams,
  type Contract,
} from '@app/common';
import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { Ajv } from 'ajv';
import { connect, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { parse } from 'yaml';
import { newNumber, RECEIPTS_OF_CCP, startSystem, type System } from '../support/system.js';
import { until } from '../support/until.js';

interface Schema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, object>>;
}

interface Message {
  readonly payload: Schema & { readonly properties: { readonly data: { readonly $ref: string } } };
  readonly bindings: { readonly amqp: { readonly contentEncoding: string; readonly messageType: string } };
  readonly examples?: readonly { readonly headers?: object; readonly payload: object }[];
}

interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly address: string; readonly messages: object }>>;
  readonly operations: Readonly<Record<string, { readonly action: string; readonly channel: { $ref: string } }>>;
  readonly components: {
    readonly channelBindings: { readonly otpost: { readonly amqp: { readonly exchange: { readonly name: string } } } };
    readonly operationBindings: { readonly publish: { readonly amqp: { readonly deliveryMode: number } } };
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

const FILE = 'docs/asyncapi.yaml';
const document = parse(readFileSync(FILE, 'utf8')) as AsyncApi;
const { channels, components } = document;

const ajv = new Ajv({
  allErrors: true,
  formats: {
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  },
})
  .addVocabulary(Object.keys(document)) // what stands around the schemas is not theirs
  .addSchema(document, FILE);

/** What the document has against a value; nothing where it fits. */
function complaints(pointer: string, value: unknown): string[] {
  const validate = ajv.getSchema(`${FILE}#${pointer}`);
  if (!validate) throw new Error(`${FILE} has no ${pointer}`);
  void validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

/** The name of the message that travels under this routing key. */
const messageOf = (pattern: string): string => {
  const channel = Object.values(channels).find(({ address }) => address === pattern);
  if (!channel) throw new Error(`${FILE} has no channel ${pattern}`);
  return Object.keys(channel.messages)[0]!;
};
const schemaOf = (message: string): string => components.messages[message]!.payload.properties.data.$ref.slice(1);

const contracts: readonly Contract[] = [SmsSend, SmsReceipt, ...SMS_OUTCOMES];
const contractOf = (pattern: string): Contract => contracts.find((contract) => patternOf(contract) === pattern)!;

/** What the contract has against an event's data, members that it does not know included. */
const contractComplaints = (pattern: string, data: object): string[] =>
  validateSync(plainToInstance(contractOf(pattern), data), { whitelist: true, forbidNonWhitelisted: true }).map(
    ({ property }) => property,
  );

const membersOf = (contract: Contract): string[] => [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(contract, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
];

interface Caught {
  readonly pattern: string;
  readonly body: { readonly pattern: string; readonly data: Readonly<Record<string, unknown>> };
  readonly message: ConsumeMessage;
}

describe('docs/asyncapi.yaml', () => {
  it('has a channel for every contract, and no other', () => {
    expect(Object.values(channels).map(({ address }) => address)).toEqual(contracts.map(patternOf));
  });

  it('says of every channel who takes it', () => {
    const received = Object.values(document.operations).filter(({ action }) => action === 'receive');
    expect(received.map(({ channel }) => channel.$ref)).toEqual(
      Object.keys(channels).map((channel) => `#/channels/${channel}`),
    );
  });

  it.each(contracts.map((contract) => [patternOf(contract), contract] as const))(
    'knows the same members of %s as its contract',
    (pattern, contract) => {
      const schema = components.schemas[schemaOf(messageOf(pattern)).split('/').at(-1)!]!;
      expect(membersOf(contract).sort()).toEqual(Object.keys(schema.properties).sort());
    },
  );

  it('gives examples that fit', () => {
    for (const [name, { examples = [] }] of Object.entries(components.messages)) {
      for (const { headers, payload } of examples) {
        expect(complaints(`/components/messages/${name}/payload`, payload)).toEqual([]);
        if (headers) expect(complaints('/components/schemas/Headers', headers)).toEqual([]);
      }
    }
  });

  describe('held against real messages', () => {
    const caught: Caught[] = [];
    let broker: EmbeddedBroker;
    let listener: ChannelModel;
    let system: System;

    const start = async (fault: object = {}): Promise<string> => {
      const to = newNumber();
      system.lab.faults.set({ to, ...fault });
      const { body } = await system.post('/v1/verifications', { to });
      return body.id;
    };
    const eventOf = (pattern: string, about: object) =>
      until(`${pattern} of ${JSON.stringify(about)}`, 10, () =>
        caught.find(
          ({ pattern: other, body: { data } }) =>
            other === pattern && Object.entries(about).every(([name, value]) => data[name] === value),
        ),
      );

    beforeAll(async () => {
      broker = await startEmbeddedBroker();
      system = await startSystem(
        { rabbitUrl: broker.url },
        { SMS_RETRY_BACKOFF_SECONDS: '0.2', SMS_MAX_ATTEMPTS: '2', ...RECEIPTS_OF_CCP },
      );
      system.lab.receipts.sendTo(system.receiptsUrl);
      listener = await connect(broker.url);
      const channel = await listener.createChannel();
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, components.channelBindings.otpost.amqp.exchange.name, '#');
      await channel.consume(
        queue,
        (message) => {
          if (message === null) return;
          const body = JSON.parse(message.content.toString()) as Caught['body'];
          caught.push({ pattern: message.fields.routingKey, body, message });
        },
        { noAck: true },
      );

      const delivered = await start();
      await eventOf('sms.accepted', { verificationId: delivered });
      await eventOf('sms.delivered', { verificationId: delivered });
      await eventOf('sms.undelivered', { verificationId: await start({ receipt: 'undelivered' }) });

      const busy = await start({ failFirst: 1, code: 'busy' });
      await eventOf('sms.rejected', { verificationId: busy, final: false });
      await eventOf('sms.accepted', { verificationId: busy, attempt: 2 });

      await eventOf('sms.rejected', { verificationId: await start({ code: 'invalid-number' }), final: true });

      const cut = await start({ cut: 'after', receipt: 'none' });
      await eventOf('sms.unknown', { verificationId: cut, final: false });
      await eventOf('sms.unknown', { verificationId: cut, final: true });

      const late = Object.assign(new SmsSend(), {
        messageId: randomUUID(),
        to: newNumber(),
        template: 'verification-code',
        locale: 'en',
        params: Object.assign(new VerificationCodeParams(), { code: '246810', minutes: '5' }),
        expiresAt: new Date(Date.now() - 3000).toISOString(),
      });
      await system.gateway.get(EventPublisher).publish(late, { messageId: late.messageId });
      await eventOf('sms.expired', { messageId: late.messageId });
    }, 40_000);

    afterAll(async () => {
      await listener.close();
      await system.close();
      await broker.close();
    });

    it('bodies are as it says', () => {
      const wrong = caught.flatMap(({ pattern, body }) =>
        complaints(`/components/messages/${messageOf(pattern)}/payload`, body).map((text) => `${pattern} ${text}`),
      );

      expect(wrong).toEqual([]);
      expect(new Set(caught.map(({ pattern }) => pattern))).toEqual(new Set(contracts.map(patternOf)));
    });

    it('headers and properties are as it says', () => {
      for (const { pattern, body, message } of caught) {
        const { contentEncoding, messageType } = components.messages[messageOf(pattern)]!.bindings.amqp;
        expect(complaints('/components/schemas/Headers', message.properties.headers)).toEqual([]);
        expect(message.properties).toMatchObject({
          contentType: 'application/json',
          contentEncoding,
          type: messageType,
          messageId: body.data.messageId ?? expect.any(String),
          deliveryMode: components.operationBindings.publish.amqp.deliveryMode,
          timestamp: expect.any(Number),
          expiration: undefined,
        });
        expect(messageType).toBe(pattern);
      }
    });

    it('an outcome carries the trace of its text', () => {
      const traceOf = ({ message }: Caught) => message.properties.headers!.traceparent as string;
      const texts = new Map(
        caught
          .filter(({ pattern }) => pattern === 'sms.send')
          .map((text) => [text.body.data.messageId, traceOf(text)] as const),
      );

      expect(texts.size).toBe(6);
      const later = ['sms.receipt', 'sms.delivered', 'sms.undelivered']; // they carry that of the company's request
      for (const outcome of caught.filter(({ pattern }) => !later.includes(pattern)))
        expect(traceOf(outcome)).toBe(texts.get(outcome.body.data.messageId));
    });

    it('what it requires the contracts require, of every real event and its parts', () => {
      for (const { pattern, body } of caught) {
        expect(contractComplaints(pattern, body.data)).toEqual([]);
        for (const { name, required, less } of shortened(pattern, body.data)) {
          const refused = required ? [name.split('.')[0]] : [];
          expect([pattern, name, contractComplaints(pattern, less)]).toEqual([pattern, name, refused]);
        }
      }
    });

    it('what it requires may not be missing, and nothing else must be there', () => {
      for (const { pattern, body } of caught) {
        for (const { name, required, less } of shortened(pattern, body.data)) {
          const wrong = complaints(schemaOf(messageOf(pattern)), less).length;
          expect([pattern, name, wrong]).toEqual([pattern, name, required ? 1 : 0]);
        }
      }
    });

    it('a member that it does not know does not fit', () => {
      for (const { pattern, body } of caught) {
        const pointer = `/components/messages/${messageOf(pattern)}/payload`;
        expect(complaints(pointer, { ...body, more: 1 })).toHaveLength(1);
        expect(complaints(pointer, { ...body, data: { ...body.data, more: 1 } })).toHaveLength(1);
      }
    });
  });
});

const without = (data: object, member: string): object =>
  Object.fromEntries(Object.entries(data).filter(([name]) => name !== member));

/** An event's data without one of its members, or one of a member's own, for each that the schema has. */
function shortened(pattern: string, data: Readonly<Record<string, unknown>>) {
  const schema = components.schemas[schemaOf(messageOf(pattern)).split('/').at(-1)!]!;
  return Object.entries(schema.properties).flatMap(([name, member]) => [
    { name, required: schema.required.includes(name), less: without(data, name) },
    ...((member as Partial<Schema>).required ?? []).map((part) => ({
      name: `${name}.${part}`,
      required: true,
      less: { ...data, [name]: without(data[name] as object, part) },
    })),
  ]);
}
