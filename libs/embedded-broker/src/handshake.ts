import { timingSafeEqual, createHash } from 'node:crypto';
import { AmqpError } from './amqp-error.js';
import { textField, type Field, type Table } from './field-table.js';
import type { Args, Method, MethodName } from './methods.js';

export const PROTOCOL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);

const CHANNEL_MAX = 2047;
export const FRAME_MAX = 131_072;
const FRAME_MIN = 4096;
const HEARTBEAT_SECONDS = 60;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** What both sides agreed on. */
export interface Agreement {
  readonly channelMax: number;
  readonly frameMax: number;
  readonly heartbeatSeconds: number;
}

const OFFERED = [
  'publisher_confirms',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'per_consumer_qos',
  'authentication_failure_close',
  'direct_reply_to',
];
const yes: Field = { type: 't', value: true };
const serverProperties: Table = new Map<string, Field>([
  ['capabilities', { type: 'F', value: new Map(OFFERED.map((name) => [name, yes])) }],
  ['product', textField('Otpost embedded broker')],
  ['information', textField('In memory, for development and tests. Not durable.')],
]);

type Send = <N extends MethodName>(name: N, args: Args<N>) => void;

/** start → start-ok → tune → tune-ok → open → open-ok; any other order is an error. */
export class Handshake {
  private expected: MethodName = 'connection.start-ok';
  private capabilities: Table = new Map();
  agreement: Agreement = { channelMax: CHANNEL_MAX, frameMax: FRAME_MAX, heartbeatSeconds: 0 };
  done = false;

  constructor(
    private readonly credentials: Credentials,
    private readonly send: Send,
  ) {}

  start(): void {
    const text = (value: string) => Buffer.from(value);
    this.send('connection.start', {
      major: 0,
      minor: 9,
      serverProperties,
      mechanisms: text('PLAIN'),
      locales: text('en_US'),
    });
  }

  /** Whether the client said that it can do this. */
  can(capability: string): boolean {
    return this.capabilities.get(capability)?.value === true;
  }

  accept(method: Method): void {
    if (method.name !== this.expected) {
      throw new AmqpError('COMMAND_INVALID', `expected ${this.expected}, got ${method.name}`);
    }
    if (method.name === 'connection.start-ok') this.authenticate(method.args);
    else if (method.name === 'connection.tune-ok') this.agree(method.args);
    else if (method.name === 'connection.open') this.open(method.args);
  }

  private authenticate({ clientProperties, mechanism, response }: Args<'connection.start-ok'>): void {
    const capabilities = clientProperties.get('capabilities');
    if (capabilities?.type === 'F') this.capabilities = capabilities.value;
    const [, user, password] = response.toString('utf8').split('\0');
    const known =
      mechanism === 'PLAIN' && same(user, this.credentials.user) && same(password, this.credentials.password);
    if (!known) {
      throw new AmqpError(
        'ACCESS_REFUSED',
        `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
      );
    }
    this.expected = 'connection.tune-ok';
    this.send('connection.tune', { channelMax: CHANNEL_MAX, frameMax: FRAME_MAX, heartbeat: HEARTBEAT_SECONDS });
  }

  private agree({ channelMax, frameMax, heartbeat }: Args<'connection.tune-ok'>): void {
    if (frameMax < FRAME_MIN || frameMax > FRAME_MAX) {
      throw new AmqpError(
        'NOT_ALLOWED',
        `negotiated frame_max = ${frameMax} is not between ${FRAME_MIN} and ${FRAME_MAX}`,
      );
    }
    this.agreement = {
      channelMax: Math.min(channelMax || CHANNEL_MAX, CHANNEL_MAX),
      frameMax,
      heartbeatSeconds: heartbeat,
    };
    this.expected = 'connection.open';
  }

  private open({ virtualHost }: Args<'connection.open'>): void {
    if (virtualHost !== '/') throw new AmqpError('NOT_ALLOWED', `vhost ${virtualHost} not found`);
    this.done = true;
    this.send('connection.open-ok', {});
  }
}

/** In constant time, also for different lengths. */
function same(received: string | undefined, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return received !== undefined && timingSafeEqual(hash(received), hash(expected));
}
