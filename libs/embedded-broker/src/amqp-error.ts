/** AMQP 0-9-1 reply codes, section 1.1 of its reference. */
const REPLY_CODES = {
  CONNECTION_FORCED: 320,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  SYNTAX_ERROR: 502,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;

export type ReplyName = keyof typeof REPLY_CODES;

/** What a client did wrong, in RabbitMQ's words: closes its channel, or for a hard code its connection. */
export class AmqpError extends Error {
  readonly code: number;

  constructor(name: ReplyName, text?: string) {
    super(text === undefined ? name : `${name} - ${text}`);
    this.code = REPLY_CODES[name];
  }

  /** Soft errors (403 to 406) cost the channel, all others the connection. */
  get closesConnection(): boolean {
    return this.code < 403 || this.code > 406;
  }
}
