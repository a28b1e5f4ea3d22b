import type { Claim, Counters, Taken } from './counters.js';
import { add, alive, counted, resetsAt, slotOf, type Slots, type Window } from './rolling-count.js';

/** For development and tests: lost with the process, and the longest unused are forgotten early beyond `limit`. */
export class MemoryCounters implements Counters {
  /** By subject and policy, the longest unused first. */
  private readonly counters = new Map<string, Slots>();

  constructor(private readonly limit = 10_000) {}

  async take({ subject, windows }: Claim, now: Date): Promise<Taken> {
    const at = now.getTime();
    const all = windows.map((window) => ({ window, slots: alive(this.slotsOf(subject, window), window, at) }));
    const taken = all.every(({ window, slots }) => counted(slots) < window.quota);
    const counts = all.map(({ window, slots }) => {
      const after = taken ? add(slots, slotOf(at, window), 1) : slots;
      this.set(subject, window, after);
      return { used: counted(after), resetsAt: resetsAt(after, window) };
    });
    return { taken, counts };
  }

  async release({ subject, windows }: Claim, at: readonly number[]): Promise<void> {
    for (const window of windows)
      for (const moment of at) {
        const slots = this.slotsOf(subject, window);
        const slot = slotOf(moment, window);
        if (slots.has(slot)) this.set(subject, window, add(slots, slot, -1));
      }
  }

  private slotsOf(subject: string, { policy }: Window): Slots {
    return this.counters.get(`${subject} ${policy}`) ?? new Map();
  }

  private set(subject: string, { policy }: Window, slots: Slots): void {
    const key = `${subject} ${policy}`;
    this.counters.delete(key);
    if (slots.size > 0) this.counters.set(key, slots);
    if (this.counters.size > this.limit) this.counters.delete(this.counters.keys().next().value!);
  }
}
