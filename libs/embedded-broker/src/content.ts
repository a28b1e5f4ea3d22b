import { AmqpError } from './amqp-error.js';
import { ByteReader } from './bytes.js';
import type { Args } from './methods.js';

/** RabbitMQ's default bound. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;
const BASIC_CLASS = 60;

/** A message on its way in: the method has come, header and body follow in frames of their own. */
export class Content {
  properties?: Buffer;
  private size = 0;
  private received = 0;
  private readonly parts: Buffer[] = [];

  constructor(readonly method: Args<'basic.publish'>) {}

  get complete(): boolean {
    return this.properties !== undefined && this.received === this.size;
  }

  header(payload: Buffer): void {
    if (this.properties) {
      throw new AmqpError('UNEXPECTED_FRAME', 'expected content body, got non content body frame instead');
    }
    const reader = new ByteReader(payload);
    const classId = reader.short();
    if (classId !== BASIC_CLASS) {
      throw new AmqpError(
        'UNEXPECTED_FRAME',
        `expected content header for class ${BASIC_CLASS}, got one for class ${classId} instead`,
      );
    }
    reader.short();
    this.size = reader.longlong();
    if (this.size > MAX_MESSAGE_BYTES) {
      throw new AmqpError(
        'PRECONDITION_FAILED',
        `message size ${this.size} is larger than configured max size ${MAX_MESSAGE_BYTES}`,
      );
    }
    this.properties = Buffer.from(reader.take(reader.left));
  }

  body(payload: Buffer): void {
    if (!this.properties) {
      throw new AmqpError(
        'UNEXPECTED_FRAME',
        `expected content header for class ${BASIC_CLASS}, got non content header frame instead`,
      );
    }
    this.received += payload.length;
    if (this.received > this.size) throw new AmqpError('FRAME_ERROR', 'the body is longer than its header said');
    this.parts.push(Buffer.from(payload));
  }

  bytes(): Buffer {
    return this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
  }
}
