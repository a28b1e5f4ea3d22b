import type { Fault } from './fault.js';

/**
 * Numbers that always behave in one way, by their last four digits: +86 138 0000 0100 to 0107, and +1 202 555 0100 to
 * 0107, which are reserved for fiction.
 */
const MAGIC_RANGES = /^\+(?:861380000|1202555)(\d{4})$/;

const BEHAVIOURS: Readonly<Record<string, Fault>> = {
  '0100': {},
  '0101': { latencyMs: 5_000 },
  '0102': { failFirst: 2, code: 'busy' },
  '0103': { code: 'invalid-number' },
  '0104': { hang: 'before' },
  '0105': { receipt: 'undelivered' },
  '0106': { receiptTimes: 2 },
  '0107': { code: 'too-soon' },
};

/** How a magic number behaves; undefined for every other number. */
export const magicFaultOf = (to: string): Fault | undefined => BEHAVIOURS[MAGIC_RANGES.exec(to)?.[1] ?? ''];
