import { CommandFailed, EXIT, UsageError, type Call, type Command, type Exit, type Options } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import { SELECTION, selectionOf, selectionOptions } from './selection.js';

type Did = 'replayed' | 'discarded';

type Batch = { readonly [did in Did]?: number } & {
  readonly waiting: number;
  readonly matching: number;
  readonly twins?: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly remaining: number;
  readonly stopped: string | null;
  readonly startedAt: string;
};

const options = {
  ...selectionOptions,
  id: { type: 'string' },
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
} as const satisfies Options;
const USAGE = `${SELECTION} [--id message id,…] [--dry-run] [--yes]`;

export const deadLettersReplay: Command = {
  name: 'dead-letters replay',
  usage: `${USAGE} [--rate 20]`,
  about:
    'Gives dead letters to their queue again, --rate a second. Texts whose code or verification is over are left out.',
  options: { ...options, rate: { type: 'string' } },
  run: (call) => move(call, 'replay', 'replayed', rateOf(call)),
};

export const deadLettersDiscard: Command = {
  name: 'dead-letters discard',
  usage: USAGE,
  about: 'Throws dead letters away.',
  options,
  run: (call) => move(call, 'discard', 'discarded', {}),
};

/** Batch after batch until nothing is left to do. Ended at any moment, it goes on when it is called again. */
async function move({ values, environment, terminal }: Call, verb: string, did: Did, more: object): Promise<Exit> {
  const api = new OperatorApi(environment);
  const messageIds = typeof values.id === 'string' ? values.id.split(',') : undefined;
  const request = { ...selectionOf(values), ...more, ...(messageIds && { messageIds }) };
  const ask = (body: object) => api.ask<Batch>('POST', `/v1/dead-letters/${verb}`, { ...request, ...body });

  const plan = await ask({ dryRun: true });
  const planned = plan[did] ?? 0;
  terminal.tell(`${plan.matching} of ${plan.waiting} dead letters match; ${planned} can be ${did}.`);
  tellSkipped(plan, terminal);
  if (values['dry-run']) return EXIT.done;
  if (planned > 0 && !values.yes) await confirm(terminal, verb, planned, did);

  let total = 0;
  let last = plan;
  while (planned > 0) {
    last = await ask(verb === 'replay' ? { notReplayedSince: plan.startedAt } : {});
    total += last[did] ?? 0;
    terminal.tell(`${did} ${total} of ${planned}`);
    if (last.twins) terminal.tell(`  dropped: ${last.twins} (further copies of a replayed message)`);
    if (last.stopped) {
      throw new CommandFailed(`RabbitMQ takes no more (${last.stopped}): ${total} ${did}. Call it again to go on.`);
    }
    if (last.remaining === 0) break;
  }
  terminal.print(`${total} ${did}`);
  return Object.keys(last.skipped).length > 0 ? EXIT.attention : EXIT.done;
}

async function confirm(terminal: Call['terminal'], verb: string, count: number, did: Did): Promise<void> {
  const typed = await terminal.ask(`Type ${count} to ${verb} ${count === 1 ? 'it' : 'them'}: `);
  if (typed !== String(count)) throw new CommandFailed(`Nothing was ${did}: what was typed is not ${count}.`);
}

function tellSkipped({ skipped }: Batch, terminal: Call['terminal']): void {
  for (const [reason, count] of Object.entries(skipped))
    terminal.tell(`  left out: ${count} (${reason.replaceAll('_', ' ')})`);
}

function rateOf({ values: { rate } }: Call): { ratePerSecond?: number } {
  if (rate === undefined) return {};
  const ratePerSecond = Number(rate);
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1)
    throw new UsageError('--rate is a whole number of dead letters a second.');
  return { ratePerSecond };
}
