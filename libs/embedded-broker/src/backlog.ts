import type { Message } from './message.js';

/** One message's stay in one queue. */
export interface Entry {
  readonly message: Message;
  /** The place in the queue: a message that comes back to a classic queue goes where it was. */
  position: number;
  /** On the clock of `performance.now()`; Infinity for a message that stays. */
  readonly expiresAt: number;
  /** How often it came back. */
  returns: number;
}

/** A queue's ready messages: those that came back stand before those never delivered, because they are older. */
export class Backlog {
  private readonly returned = new Fifo();
  private readonly fresh = new Fifo();
  private nextPosition = 0;
  bytes = 0;

  get length(): number {
    return this.returned.length + this.fresh.length;
  }

  get head(): Entry | undefined {
    return this.returned.head ?? this.fresh.head;
  }

  /** An entry at the end of the queue that is not in it yet: one that a consumer takes at once never is. */
  entryFor(message: Message, expiresAt: number): Entry {
    return { message, position: this.nextPosition++, expiresAt, returns: 0 };
  }

  add(entry: Entry): void {
    this.addEntry(entry, this.fresh);
  }

  /** Behind all others. */
  returnToTail(entry: Entry): void {
    entry.position = this.nextPosition++;
    this.addEntry(entry, this.fresh);
  }

  /** Before all that were never delivered, behind those that came back earlier. */
  returnToFront(entry: Entry): void {
    this.addEntry(entry, this.returned);
  }

  /** Where it was. */
  returnToPlace(entry: Entry): void {
    this.bytes += entry.message.body.length;
    this.returned.insertByPosition(entry);
  }

  take(): Entry | undefined {
    const entry = this.returned.shift() ?? this.fresh.shift();
    if (entry) this.bytes -= entry.message.body.length;
    return entry;
  }

  private addEntry(entry: Entry, fifo: Fifo): void {
    this.bytes += entry.message.body.length;
    fifo.push(entry);
  }
}

/** Taken entries are cut off in bulk, so that taking costs the same however long the queue is. */
class Fifo {
  private entries: (Entry | undefined)[] = [];
  private first = 0;

  get length(): number {
    return this.entries.length - this.first;
  }
  get head(): Entry | undefined {
    return this.entries[this.first];
  }

  push(entry: Entry): void {
    this.entries.push(entry);
  }

  insertByPosition(entry: Entry): void {
    let at = this.entries.length;
    while (at > this.first && this.entries[at - 1]!.position > entry.position) at--;
    this.entries.splice(at, 0, entry);
  }

  shift(): Entry | undefined {
    if (this.length === 0) return undefined;
    const entry = this.entries[this.first];
    this.entries[this.first++] = undefined;
    if (this.first >= 1024 && this.first * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
    return entry;
  }
}
