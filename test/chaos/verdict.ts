import { isPromised, type End, type Request, type Text } from './record.js';

/** What a run saw, from the client's and the company's own records; nothing here comes from our metrics. */
export interface Observation {
  readonly requests: readonly Request[];
  readonly texts: readonly Text[];
  /** By number. */
  readonly ends: ReadonlyMap<string, End>;
  /** Numbers whose timeline says that the text may have gone out twice. */
  readonly maybeDuplicates: ReadonlySet<string>;
  /** Messages found in dead queues, in parked queues, and anywhere else after everything had stopped. */
  readonly dead: number;
  readonly parked: number;
  readonly left: number;
  readonly injectedAt?: number;
  readonly healedAt?: number;
}

/** What a row may cost. Absent counts are 0, absent seconds are not bounded. */
export interface Bounds {
  /** Requests that a gateway answered without a promise: the outbox takes them while RabbitMQ is away. */
  readonly refused?: 'any';
  /** Requests without an answer: a row that kills a gateway has them. */
  readonly unanswered?: 'any';
  readonly expired?: number | 'any';
  readonly dead?: number;
  readonly parked?: number;
  /** Longest time without a text while there was load. */
  readonly gapSeconds?: number;
  /** From the heal until a code asked for afterwards arrived. */
  readonly recoverySeconds?: number;
  /** Slowest answer to a client. */
  readonly answerSeconds?: number;
  /** How much longer than the fault lasted a text may wait. */
  readonly waitBeyondFaultSeconds?: number;
}

export interface Verdict {
  readonly attempted: number;
  readonly promised: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly once: number;
  readonly twice: number;
  readonly maybeDuplicate: number;
  readonly expired: number;
  readonly dead: number;
  readonly parked: number;
  readonly lost: number;
  /** Promised, delivered, and the timeline does not say so. */
  readonly untold: number;
  readonly gapSeconds: number | undefined;
  readonly recoverySeconds: number | undefined;
  readonly answerSeconds: number | undefined;
  readonly waitSeconds: number | undefined;
  /** Why the row fails; empty when it passes. */
  readonly complaints: readonly string[];
}

/** Every promised text has exactly one end: delivered once, expired, dead or parked. Everything else is a complaint. */
export function judge(seen: Observation, bounds: Bounds): Verdict {
  const texts = countBy(seen.texts.map(({ to }) => to));
  const promised = seen.requests.filter(isPromised);
  const asked = new Set(seen.requests.map(({ to }) => to));
  const ended = (end: End) => promised.filter(({ to }) => seen.ends.get(to) === end).length;
  const twice = [...texts].filter(([, count]) => count > 1).map(([to]) => to);
  const lost = promised.filter(({ to }) => !texts.has(to) && !isOver(seen.ends.get(to)));
  const untold = promised.filter(({ to, id }) => texts.has(to) && id !== undefined && seen.ends.get(to) !== 'accepted');
  const figures = {
    attempted: seen.requests.length,
    promised: promised.length,
    refused: seen.requests.filter(({ status }) => status >= 300).length,
    unanswered: seen.requests.filter(({ status }) => status === 0).length,
    once: promised.filter(({ to }) => texts.get(to) === 1).length,
    twice: twice.length,
    maybeDuplicate: seen.maybeDuplicates.size,
    expired: ended('expired'),
    dead: seen.dead,
    parked: seen.parked,
    lost: lost.length,
    untold: untold.length,
    gapSeconds: longestGap(seen.texts),
    recoverySeconds: recovery(seen),
    answerSeconds: slowestAnswer(seen.requests),
    waitSeconds: longestWait(promised, seen.texts),
  };
  const complaints = [
    ...(figures.lost > 0 ? [`${figures.lost} promised and lost: ${some(lost.map(({ to }) => to))}`] : []),
    ...duplicates(twice, seen.maybeDuplicates),
    ...(figures.untold > 0 ? [`${figures.untold} delivered, and the timeline does not say so`] : []),
    ...(seen.left > 0 ? [`${seen.left} messages left in queues`] : []),
    ...[...texts.keys()].filter((to) => !asked.has(to)).map((to) => `a text to ${to}, for whom nobody asked`),
    ...(['refused', 'unanswered'] as const)
      .filter((name) => bounds[name] !== 'any' && figures[name] > 0)
      .map((name) => `${figures[name]} requests ${name}: ${statuses(seen.requests)}`),
    ...(['expired', 'dead', 'parked'] as const)
      .filter((name) => bounds[name] !== 'any' && figures[name] !== (bounds[name] ?? 0))
      .map((name) => `${figures[name]} ${name} instead of ${bounds[name] ?? 0}`),
    ...(['gapSeconds', 'recoverySeconds', 'answerSeconds'] as const)
      .filter((name) => bounds[name] !== undefined && !((figures[name] ?? Infinity) <= bounds[name]))
      .map((name) => `${name.replace('Seconds', '')} ${secondsOf(figures[name])}, above ${bounds[name]} s`),
    ...waitTooLong(figures.waitSeconds, seen, bounds.waitBeyondFaultSeconds),
  ];
  return { ...figures, complaints };
}

const secondsOf = (value: number | undefined) => (value === undefined ? 'never' : `${value.toFixed(1)} s`);

const isOver = (end: End | undefined) => end !== undefined && end !== 'accepted';

function duplicates(twice: readonly string[], explained: ReadonlySet<string>): string[] {
  const unexplained = twice.filter((to) => !explained.has(to));
  return unexplained.length > 0 ? [`${unexplained.length} delivered more than once: ${some(unexplained)}`] : [];
}

const statuses = (requests: readonly Request[]) =>
  [...countBy(requests.filter((request) => !isPromised(request)).map(({ status }) => String(status)))]
    .map(([status, count]) => `${count} with ${status}`)
    .join(', ');

const some = (numbers: readonly string[]) => numbers.slice(0, 3).join(', ') + (numbers.length > 3 ? ', …' : '');

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function longestGap(texts: readonly Text[]): number | undefined {
  const times = texts.map(({ at }) => at).sort((a, b) => a - b);
  const gaps = times.slice(1).map((at, n) => at - times[n]!);
  return gaps.length > 0 ? Math.max(...gaps) / 1000 : undefined;
}

/** Until the first text to a number that was asked for after the heal. */
function recovery({ requests, texts, healedAt, injectedAt }: Observation): number | undefined {
  const from = healedAt ?? injectedAt;
  if (from === undefined) return undefined;
  const later = new Set(
    requests.filter((request) => request.askedAt >= from && isPromised(request)).map(({ to }) => to),
  );
  const first = texts.filter(({ to }) => later.has(to)).map(({ at }) => at);
  return first.length > 0 ? (first.reduce((a, b) => Math.min(a, b)) - from) / 1000 : undefined;
}

function slowestAnswer(requests: readonly Request[]): number | undefined {
  const times = requests.map(({ askedAt, answeredAt }) => (answeredAt === undefined ? Infinity : answeredAt - askedAt));
  return times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) / 1000 : undefined;
}

/** A text may arrive before the answer that promises it. */
function longestWait(promised: readonly Request[], texts: readonly Text[]): number | undefined {
  const arrivedAt = new Map(texts.map(({ to, at }) => [to, at]));
  const waits = promised.map(({ to, answeredAt = 0 }) => (arrivedAt.get(to) ?? -Infinity) - answeredAt);
  const longest = waits.reduce((a, b) => Math.max(a, b), -Infinity);
  return longest === -Infinity ? undefined : Math.max(0, longest) / 1000;
}

function waitTooLong(wait: number | undefined, { injectedAt, healedAt }: Observation, beyond: number | undefined) {
  if (beyond === undefined || wait === undefined) return [];
  const fault = ((healedAt ?? 0) - (injectedAt ?? 0)) / 1000;
  return wait > fault + beyond
    ? [`wait ${secondsOf(wait)}, above ${secondsOf(fault)} of the fault and ${beyond} s`]
    : [];
}
