import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from './options.js';
import { isPromised, type End } from './record.js';
import { deleteQueues, isTerminal, queuesOf, readyIn, takeTerminal } from './queues.js';
import type { Row } from './row.js';
import { Scene, type Services } from './scene.js';
import { timelinesOf } from './timelines.js';
import { judge, type Verdict } from './verdict.js';

const RATE = 50;
/** Load before the fault and after it. */
const CALM_SECONDS = { usual: 3, short: 1 };
/** Resident memory that no process of ours may reach, in MB. */
const MEMORY_MB = 400;

export interface Result {
  readonly row: Row;
  readonly verdict: Verdict;
  readonly seconds: number;
  readonly peakMb: number;
  readonly notes: readonly string[];
  /** What the processes wrote, where the row failed. */
  readonly output?: string;
}

/**
 * One row on fresh processes: warm up → load → inject → heal → drain → stop → verdict.
 * Everything is stopped the way an operator stops it before the queues are counted: what was not acknowledged is back by then.
 */
export async function play(row: Row, services: Services, options: Pick<Options, 'seed' | 'short'>): Promise<Result> {
  const began = Date.now();
  const { cluster, carrier, redis } = services;
  carrier.forget();
  await redis.forget();
  await deleteQueues(cluster);
  const scene = new Scene(services, row, options);
  const sampling = setInterval(() => scene.processes.forEach((each) => each.sampleMemory()), 1000);
  try {
    await row.prepare?.(scene);
    await startProcesses(row, scene);
    await underLoad(row, scene, options.short ? CALM_SECONDS.short : CALM_SECONDS.usual);
    const verdict = await conclude(row, scene);
    return resultOf(row, scene, verdict, began);
  } finally {
    clearInterval(sampling);
    await scene.end();
  }
}

async function startProcesses({ gateways = 2, workers = 2 }: Row, scene: Scene): Promise<void> {
  for (let n = 0; n < workers; n++) await scene.add('sms-worker');
  for (let n = 0; n < gateways; n++) await scene.add('gateway');
  await Promise.all(scene.processes.map((each) => each.start()));
}

async function underLoad({ rate = RATE, play }: Row, scene: Scene, calmSeconds: number): Promise<void> {
  if (rate > 0) {
    scene.client.begin(rate);
    await scene.wait(calmSeconds);
  }
  try {
    await play(scene);
  } catch (error) {
    scene.complaints.push(`the row broke off: ${(error as Error).message}`);
    scene.carrier.heal();
    await scene.cluster.revive();
  }
  if (rate > 0) await scene.wait(calmSeconds);
  await scene.client.settled();
}

async function conclude(row: Row, scene: Scene): Promise<Verdict> {
  const deadline = Date.now() + (row.drainSeconds ?? 60) * 1000;
  const { expired = 0, dead = 0 } = row.bounds;
  const enough = () => expired === 'any' || scene.waiting().length <= expired + dead;
  while (!enough() && Date.now() < deadline) await sleep(100);
  const queues = await queuesOf(scene.cluster);
  const passing = queues.filter((queue) => !isTerminal(queue));
  await scene.atRest(passing, Math.max(deadline, Date.now() + 5000));
  const promised = scene.client.requests.filter(isPromised);
  const gateway = scene.gateways.find(({ isRunning }) => isRunning);
  const told = gateway ? await timelinesOf(gateway.url, promised, 30) : new Map<string, never>();
  await stopProcesses(scene);
  const left = [...(await readyIn(scene.cluster, passing))];
  for (const [queue, count] of left) if (count > 0) scene.note(`${count} left in ${queue}`);
  const terminal = await takeTerminal(scene.cluster, queues.filter(isTerminal));
  const kindOf = new Map(terminal.map(({ messageId, kind }) => [messageId, kind]));
  const ends = new Map<string, End>(scene.ends);
  for (const { to, messageId } of promised) {
    const { end, messageIds = [] } = told.get(to) ?? {};
    const found = [messageId, ...messageIds].map((id) => kindOf.get(id)).find((kind) => kind !== undefined);
    if (end ?? found) ends.set(to, (end ?? found)!);
  }
  for (const reason of new Set(terminal.map(({ kind, reason }) => `${kind}: ${reason}`))) scene.note(reason);
  return judge(
    {
      requests: scene.client.requests,
      texts: scene.carrier.texts,
      injectedAt: scene.injectedAt,
      healedAt: scene.healedAt,
      ends,
      maybeDuplicates: new Set([...told].filter(([, { maybeDuplicate }]) => maybeDuplicate).map(([to]) => to)),
      dead: terminal.filter(({ kind }) => kind === 'dead').length,
      parked: terminal.filter(({ kind }) => kind === 'parked').length,
      left: left.reduce((sum, [, count]) => sum + count, 0),
    },
    row.bounds,
  );
}

async function stopProcesses(scene: Scene): Promise<void> {
  for (const group of [scene.workers, scene.gateways]) {
    await Promise.all(
      group
        .filter(({ isRunning }) => isRunning)
        .map(async (each) => {
          each.signal('SIGTERM');
          const code = await Promise.race([each.end(), sleep(30_000, 'no end within 30 s', { ref: false })]);
          scene.expect(code === 0, `${each.app} ended with ${code} on SIGTERM`);
          await each.kill();
        }),
    );
  }
}

function resultOf(row: Row, scene: Scene, verdict: Verdict, began: number): Result {
  const peakMb = Math.max(0, ...scene.processes.map((each) => each.peakMb));
  scene.expect(peakMb < MEMORY_MB, `${peakMb.toFixed(0)} MB of memory in one process`);
  const complaints = [...verdict.complaints, ...scene.complaints];
  return {
    row,
    verdict: { ...verdict, complaints },
    seconds: (Date.now() - began) / 1000,
    peakMb,
    notes: scene.notes,
    ...(complaints.length > 0 ? { output: scene.processes.map(tail).join('\n') } : {}),
  };
}

const tail = ({ app, output }: { app: string; output: string }, n: number) =>
  `--- ${app} (${n})\n${output.split('\n').slice(-200).join('\n')}`;
