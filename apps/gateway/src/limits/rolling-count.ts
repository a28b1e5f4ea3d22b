/** At most `quota` in any `seconds`. */
export interface Window {
  /** How answers, metrics and logs name it. */
  readonly policy: string;
  readonly quota: number;
  readonly seconds: number;
}

/** How many, by slot: the moment divided by the length of a slot. */
export type Slots = ReadonlyMap<number, number>;

/** A window is counted by 60ths, and what was counted is forgotten when the whole of its slot has left the window. */
export const SLOTS = 60;

export const slotMs = ({ seconds }: Window): number => (seconds * 1000) / SLOTS;
export const slotOf = (at: number, window: Window): number => Math.floor(at / slotMs(window));

export const counted = (slots: Slots): number => [...slots.values()].reduce((sum, count) => sum + count, 0);

/** Without the slots that have left the window. */
export const alive = (slots: Slots, window: Window, now: number): Slots =>
  new Map([...slots].filter(([slot]) => slot >= slotOf(now, window) - SLOTS));

/**
 * When the next one can be counted, where the quota is used up; else when the oldest of what is counted is forgotten. 0
 * where nothing is counted. Epoch milliseconds.
 */
export function resetsAt(slots: Slots, window: Window): number {
  let left = counted(slots);
  for (const [slot, count] of [...slots].sort(([a], [b]) => a - b)) {
    left -= count;
    if (left < window.quota) return (slot + 1 + SLOTS) * slotMs(window);
  }
  return 0;
}

export const add = (slots: Slots, slot: number, count: number): Slots => {
  const sum = (slots.get(slot) ?? 0) + count;
  const others = [...slots].filter(([other]) => other !== slot);
  return new Map(sum > 0 ? [...others, [slot, sum]] : others);
};
