import type { Options, Values } from '../command.js';

/** The options by which dead letters are chosen, as every command here has them. */
export const selectionOptions = {
  queue: { type: 'string' },
  reason: { type: 'string' },
  class: { type: 'string' },
  provider: { type: 'string' },
  'older-than': { type: 'string' },
  to: { type: 'string' },
} as const satisfies Options;

export const SELECTION =
  '[--queue sms-worker.sms.send] [--reason text] [--class RETRYABLE] [--provider ccp] [--older-than 10m] [--to number]';

/** As the API calls them. */
export function selectionOf(values: Values): Record<string, string> {
  const given = (['queue', 'reason', 'class', 'provider', 'to'] as const).map((name) => [name, values[name]]);
  return Object.fromEntries(
    [...given, ['olderThan', values['older-than']]].filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
}
