import { average, median, percentile, type Answers } from './load.js';
import type { Usage } from './usage.js';

/** What was seen while it was measured once, without (0) or with a backlog. */
export interface Phase {
  readonly name: string;
  readonly backlog: number;
  readonly answers: Answers;
  /** Messages ready in the queue before and after. */
  readonly waiting: readonly [number, number];
  readonly textsPerSecond: number;
  readonly worker: Usage;
  readonly gateway: Usage;
}

export interface Drain {
  readonly waiting: readonly [number, number];
  readonly textsPerSecond: number;
  readonly worker: Usage;
}

export interface Bound {
  readonly what: string;
  readonly value: number;
  readonly below: number;
  readonly holds: boolean;
}

const bound = (what: string, value: number, below: number): Bound => ({ what, value, below, holds: value < below });

/** The first ones are what is claimed; the last ones say whether the run can tell. */
export function boundsOf(phases: readonly Phase[], { worker: { mb } }: Drain): Bound[] {
  const without = phases.filter(({ backlog }) => backlog === 0);
  const withBacklog = phases.filter(({ backlog }) => backlog > 0);
  const ratio = (figure: (group: readonly Phase[]) => number) => figure(withBacklog) / figure(without);
  const averageOf = (figure: (phase: Phase) => number) => (group: readonly Phase[]) => average(group.map(figure));
  const third = Math.floor(mb.length / 3);
  const left = Math.min(...withBacklog.map(({ backlog, waiting }) => Math.min(...waiting) / backlog));
  const backlog = Math.max(...withBacklog.map((phase) => phase.backlog));
  return [
    bound('p99 with / without', ratio(latencyOf(99)), 1.2),
    bound('p50 with / without', ratio(latencyOf(50)), 1.2),
    bound('gateway CPU with / without', ratio(averageOf(({ gateway }) => gateway.cpuPercent)), 1.2),
    bound('worker memory with / without', ratio(averageOf(({ worker }) => median(worker.mb))), 1.2),
    bound('worker memory, end / begin of drain', median(mb.slice(-third)) / median(mb.slice(0, third)), 1.2),
    bound('requests not answered with 202', sum(phases.flatMap(({ answers }) => Object.values(answers.failures))), 1),
    bound(
      '% of time that the gateway waited for a core',
      Math.max(...phases.map(({ gateway }) => gateway.waitPercent)),
      5,
    ),
    bound('texts/s with / without', ratio(averageOf(({ textsPerSecond }) => textsPerSecond)), 1.2),
    bound('backlog gone while measuring', 1 - left, 0.2),
    bound(
      'queue "without" as part of the backlog',
      Math.max(...without.flatMap(({ waiting }) => waiting)) / backlog,
      0.02,
    ),
  ];
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

const latencyOf = (hundredths: number) => (group: readonly Phase[]) =>
  percentile(
    group.flatMap(({ answers }) => answers.latencies).sort((a, b) => a - b),
    hundredths,
  );

export function report(phases: readonly Phase[], drain: Drain, bounds: readonly Bound[]): string {
  const { mb } = drain.worker;
  return [
    aligned([
      [
        '',
        'answers',
        'p50 ms',
        'p99 ms',
        'max ms',
        'queue',
        'texts/s',
        'worker MB',
        'CPU %',
        'gateway MB',
        'CPU %',
        'wait %',
      ],
      ...phases.map(({ name, answers, waiting, textsPerSecond, worker, gateway }) => [
        name,
        String(answers.latencies.length),
        percentile(answers.latencies, 50).toFixed(2),
        percentile(answers.latencies, 99).toFixed(2),
        percentile(answers.latencies, 100).toFixed(1),
        waiting.join(' → '),
        textsPerSecond.toFixed(0),
        median(worker.mb).toFixed(0),
        worker.cpuPercent.toFixed(0),
        median(gateway.mb).toFixed(0),
        gateway.cpuPercent.toFixed(0),
        gateway.waitPercent.toFixed(1),
      ]),
    ]),
    '',
    `drain: ${drain.textsPerSecond.toFixed(0)} texts/s, queue ${drain.waiting.join(' → ')}, worker ` +
      `${mb[0]?.toFixed(0)} MB at first, at most ${Math.max(...mb).toFixed(0)}, ${mb.at(-1)?.toFixed(0)} at last`,
    '',
    aligned(
      bounds.map(({ what, value, below, holds }) => [what, value.toFixed(2), `< ${below}`, holds ? 'holds' : 'FAILS']),
    ),
  ].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
