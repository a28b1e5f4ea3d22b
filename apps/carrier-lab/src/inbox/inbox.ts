import { smsLength, type SmsLength } from '@app/common';
import { Injectable } from '@nestjs/common';

export interface InboxMessage extends SmsLength {
  /** Rises by one with each text. */
  readonly id: string;
  /** E.164. */
  readonly to: string;
  readonly text: string;
  /** The first 4 to 10 digits in a row of the text. */
  readonly code: string | null;
  /** The company whose API took the text, and what that call said. */
  readonly provider: string;
  readonly providerMessageId: string;
  readonly templateId: string;
  readonly reference: string | null;
  readonly receivedAt: string;
}

type NewMessage = Omit<InboxMessage, 'id' | 'code' | 'receivedAt' | keyof SmsLength>;

const KEPT = 500;

/** The texts that the make-believe handsets got: the newest 500. Every number is one handset; without a number, all of them. */
@Injectable()
export class Inbox {
  private messages: InboxMessage[] = [];
  private last = 0;
  private readonly waiters = new Set<(message: InboxMessage) => void>();

  add(message: NewMessage): InboxMessage {
    const added: InboxMessage = {
      id: String(++this.last),
      ...message,
      code: message.text.match(/(?<!\d)\d{4,10}(?!\d)/)?.[0] ?? null,
      receivedAt: new Date().toISOString(),
      ...smsLength(message.text),
    };
    this.messages.push(added);
    if (this.messages.length > KEPT) this.messages.shift();
    for (const waiter of this.waiters) waiter(added);
    return added;
  }

  /** Newest first. */
  list(to?: string): InboxMessage[] {
    return this.messages.filter((message) => isFor(message, to)).reverse();
  }

  latest(to?: string, after = 0): InboxMessage | undefined {
    return this.messages.findLast((message) => isFor(message, to) && Number(message.id) > after);
  }

  /** The newest text whose id is above `after`, or the next one to come; undefined when none comes in time. */
  wait(to: string | undefined, after: number, timeoutMs: number): Promise<InboxMessage | undefined> {
    const here = this.latest(to, after);
    if (here) return Promise.resolve(here);
    return new Promise((resolve) => {
      const settle = (message?: InboxMessage) => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        resolve(message);
      };
      const waiter = (message: InboxMessage) => isFor(message, to) && settle(message);
      const timer = setTimeout(settle, timeoutMs).unref();
      this.waiters.add(waiter);
    });
  }

  delete(to?: string): void {
    this.messages = this.messages.filter((message) => !isFor(message, to));
  }
}

const isFor = (message: InboxMessage, to: string | undefined) => to === undefined || message.to === to;
