import { parseArgs } from 'node:util';

export interface Options {
  /** Ids; empty: all. */
  readonly faults: readonly string[];
  readonly seed: number;
  /** Of the soak; undefined: no soak. */
  readonly minutes: number | undefined;
  readonly short: boolean;
  readonly list: boolean;
  readonly json: string | undefined;
}

export const USAGE = `npm run chaos -- [--fault F01,F08] [--short] [--minutes N] [--seed N] [--json FILE] [--list]

  --fault    only these rows
  --short    a selection of a few minutes
  --minutes  a soak instead: so many minutes under load with faults at random
  --seed     what "at random" comes to; the same seed makes the same choices
  --json     also write the figures to a file
  --list     say which rows there are`;

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      fault: { type: 'string' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      short: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  return {
    faults: values.fault?.split(',') ?? [],
    seed: wholeNumber('seed', values.seed),
    minutes: values.minutes === undefined ? undefined : wholeNumber('minutes', values.minutes),
    short: values.short,
    list: values.list,
    json: values.json,
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}
