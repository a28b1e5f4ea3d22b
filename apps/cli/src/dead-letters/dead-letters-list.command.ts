import { columns } from '../columns.js';
import { EXIT, UsageError, type Command } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import { SELECTION, selectionOf, selectionOptions } from './selection.js';

interface DeadLetterView {
  readonly messageId: string;
  readonly event: string | null;
  readonly to: string | null;
  readonly reason: string;
  readonly class: string | null;
  readonly provider: string | null;
  readonly attempt: number;
  readonly ageSeconds: number;
  readonly expiresAt: string | null;
  readonly replayCount: number;
}

interface Page {
  readonly waiting: number;
  readonly matching: number;
  readonly deadLetters: readonly DeadLetterView[];
  readonly cursor: string | null;
}

export const deadLettersList: Command = {
  name: 'dead-letters list',
  usage: `${SELECTION} [--limit 50] [--cursor …] [--json]`,
  about: 'Lists dead letters, the oldest first. Codes are not shown, numbers only in part.',
  options: { ...selectionOptions, limit: { type: 'string' }, cursor: { type: 'string' }, json: { type: 'boolean' } },
  async run({ values, environment, terminal }) {
    const { limit, cursor } = values as Record<string, string | undefined>;
    const query = new URLSearchParams({ ...selectionOf(values), ...(limit && { limit }), ...(cursor && { cursor }) });
    const page = await new OperatorApi(environment).ask<Page>('GET', `/v1/dead-letters?${query.toString()}`);
    if (values.json) {
      terminal.print(JSON.stringify(page, null, 2));
      return EXIT.done;
    }
    const rows = page.deadLetters.map((letter) => [
      letter.messageId,
      letter.to ?? '-',
      ageOf(letter.ageSeconds),
      letter.class ?? '-',
      letter.provider ?? '-',
      String(letter.replayCount),
      letter.reason,
    ]);
    if (rows.length > 0)
      terminal.print(columns([['message', 'to', 'age', 'class', 'provider', 'replays', 'reason'], ...rows]));
    terminal.tell(`${page.matching} of ${page.waiting} dead letters match, ${rows.length} shown.`);
    if (page.cursor) terminal.tell(`More: --cursor ${page.cursor}`);
    return EXIT.done;
  },
};

export const deadLettersShow: Command = {
  name: 'dead-letters show',
  usage: '<message id> [--queue sms-worker.sms.send]',
  about: 'Shows one dead letter.',
  options: { queue: selectionOptions.queue },
  words: 1,
  async run({ values, words, environment, terminal }) {
    const [messageId] = words;
    if (!messageId) throw new UsageError('Which one? Its message id is missing.');
    const query = new URLSearchParams(selectionOf(values));
    const path = `/v1/dead-letters/${encodeURIComponent(messageId)}?${query.toString()}`;
    terminal.print(JSON.stringify(await new OperatorApi(environment).ask('GET', path), null, 2));
    return EXIT.done;
  },
};

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
] as const;

function ageOf(seconds: number): string {
  const unit = UNITS.find(([length]) => seconds >= length);
  return unit ? `${Math.floor(seconds / unit[0])}${unit[1]}` : `${seconds}s`;
}
