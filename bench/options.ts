import { parseArgs } from 'node:util';

export interface Options {
  /** Texts that lie in the queue while it is measured with a backlog. */
  readonly backlog: number;
  /** Requests a second to the gateway. */
  readonly rate: number;
  /** Texts that the worker has under way at once. */
  readonly concurrency: number;
  /** Measured in each phase. */
  readonly seconds: number;
  /** How often it is measured without and then with a backlog. */
  readonly rounds: number;
  readonly json: string | undefined;
  /** Exit code 1 where a bound does not hold. */
  readonly check: boolean;
}

export const USAGE = `npm run bench:backlog -- [--backlog N] [--rate N] [--concurrency N] [--seconds N] [--rounds N] [--json FILE] [--check]

  --backlog      texts lying in the queue (200000)
  --rate         requests a second to the gateway (20)
  --concurrency  texts under way in the worker at once (200)
  --seconds      measured in each phase (60)
  --rounds       how often without and then with a backlog (2)
  --json         also write the figures to a file
  --check        exit with 1 where a bound does not hold`;

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      backlog: { type: 'string', default: '200000' },
      rate: { type: 'string', default: '20' },
      concurrency: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      rounds: { type: 'string', default: '2' },
      json: { type: 'string' },
      check: { type: 'boolean', default: false },
    },
  });
  return {
    backlog: count('backlog', values.backlog),
    rate: count('rate', values.rate),
    concurrency: count('concurrency', values.concurrency),
    seconds: count('seconds', values.seconds),
    rounds: count('rounds', values.rounds),
    json: values.json,
    check: values.check,
  };
}

function count(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} must be a whole number from 1`);
  return Number(text);
}
