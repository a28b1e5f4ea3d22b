import type { Result } from './play.js';

const COLUMNS: readonly [title: string, cell: (result: Result) => string][] = [
  ['fault', ({ row }) => row.id],
  ['', ({ verdict }) => (verdict.complaints.length === 0 ? 'pass' : 'FAIL')],
  ['asked', ({ verdict }) => String(verdict.attempted)],
  ['2xx', ({ verdict }) => String(verdict.promised)],
  ['once', ({ verdict }) => String(verdict.once)],
  ['twice', ({ verdict }) => String(verdict.twice)],
  ['maybe', ({ verdict }) => String(verdict.maybeDuplicate)],
  ['expired', ({ verdict }) => String(verdict.expired)],
  ['dead', ({ verdict }) => String(verdict.dead)],
  ['parked', ({ verdict }) => String(verdict.parked)],
  ['lost', ({ verdict }) => String(verdict.lost)],
  ['gap s', ({ verdict }) => seconds(verdict.gapSeconds)],
  ['back s', ({ verdict }) => seconds(verdict.recoverySeconds)],
  ['answer s', ({ verdict }) => seconds(verdict.answerSeconds)],
  ['wait s', ({ verdict }) => seconds(verdict.waitSeconds)],
  ['MB', ({ peakMb }) => peakMb.toFixed(0)],
  ['took s', ({ seconds: took }) => took.toFixed(0)],
  ['what', ({ row }) => row.title],
];

const seconds = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(value < 10 ? 2 : 1));

/** One line a row, and below it what was wrong or worth knowing. */
export function table(results: readonly Result[]): string {
  const cells = [COLUMNS.map(([title]) => title), ...results.map((result) => COLUMNS.map(([, cell]) => cell(result)))];
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const remarks = results.flatMap(({ row, verdict, notes }) => [
    ...verdict.complaints.map((complaint) => `${row.id} complaint: ${complaint}`),
    ...notes.map((note) => `${row.id} note: ${note}`),
  ]);
  return [...lines, ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}

export const asJson = (results: readonly Result[]): object[] =>
  results.map(({ row, verdict, seconds, peakMb, notes }) => ({
    fault: row.id,
    title: row.title,
    passed: verdict.complaints.length === 0,
    ...verdict,
    tookSeconds: seconds,
    peakMb,
    notes,
  }));
