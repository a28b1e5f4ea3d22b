import type { Backlog, Entry } from './backlog.js';
import type { Message } from './message.js';
import type { QueueArguments } from './queue-arguments.js';

/** A quorum queue that has refused takes again when it is this much emptier. */
const REOPENS_AT = 0.8;

/** What a queue does when it is full: refuse the newcomer, or push out its head. */
export class OverflowGuard {
  private closed = false;
  private readonly maxLength: number;
  private readonly maxBytes: number;

  constructor(
    private readonly settings: QueueArguments,
    private readonly backlog: Backlog,
  ) {
    this.maxLength = settings.maxLength ?? Infinity;
    this.maxBytes = settings.maxLengthBytes ?? Infinity;
  }

  /** `waiting` dead letters take room too. */
  refuses(message: Message, waiting: number): boolean {
    if (this.settings.overflow === 'drop-head') return false;
    const length = this.backlog.length + waiting;
    if (!this.settings.quorum) {
      return length + 1 > this.maxLength || this.backlog.bytes + message.body.length > this.maxBytes;
    }
    // A quorum queue notices that it is over its limit only afterwards: one message more than the limit gets in.
    if (this.isOver(length)) this.closed = true;
    else if (length <= Math.trunc(this.maxLength * REOPENS_AT) && this.backlog.bytes <= this.maxBytes * REOPENS_AT) {
      this.closed = false;
    }
    return this.closed;
  }

  pushesOut(): Entry | undefined {
    if (this.settings.overflow !== 'drop-head') return undefined;
    return this.isOver(this.backlog.length) ? this.backlog.take() : undefined;
  }

  private isOver(length: number): boolean {
    return length > this.maxLength || this.backlog.bytes > this.maxBytes;
  }
}
