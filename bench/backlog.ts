import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { installServices } from '../test/support/install-services.js';
import { askForCodes, evenly, type Answers } from './load.js';
import { readOptions, USAGE, type Options } from './options.js';
import { boundsOf, report, type Drain, type Phase } from './report.js';
import { startBenchSystem, type BenchSystem } from './system.js';
import { purge, waitingIn } from './texts.js';
import { usageDuring } from './usage.js';

/** How long the company takes: with 200 texts under way the worker sends 40 a second, whatever lies in the queue. */
const COMPANY_MS = 5000;
/** Texts a second that reach the worker without a backlog: nearly all it can send, so that it is equally busy with one. */
const textsPerSecond = ({ concurrency }: Options): number => (0.95 * concurrency * 1000) / COMPANY_MS;
/** Until the processes have compiled what is hot and their heaps have grown to what the load needs. */
const WARM_UP_SECONDS = 20;
/** Until what the publishing of a backlog set off is over. */
const SETTLE_SECONDS = 6;
const DRAIN_SECONDS = 30;
/** Of the company while a backlog drains at full speed. */
const DRAIN_COMPANY_MS = 100;

/**
 * What a backlog costs: the gateway's answers and the worker's memory, without and with so many texts in the queue.
 *
 * 1. The company is slow, and the worker always has about 200 texts under way: without a backlog since texts are
 *    published as fast as it sends them, with one since they wait. So both do the same work; only the queue differs.
 * 2. Without and with alternate, so that what else the machine does falls on both.
 * 3. Then the company is quick, and the backlog drains as fast as the worker can.
 */
async function main(): Promise<number> {
  const options = optionsOrUsage();
  if (!options) return 2;
  if (options.rate >= textsPerSecond(options))
    throw new Error(`--rate must be below ${textsPerSecond(options)}, what the worker sends`);
  installServices();
  console.log('Starting RabbitMQ, Redis, a make-believe SMS company, a worker and a gateway …');
  const system = await startBenchSystem({ SMS_CONCURRENCY: String(options.concurrency) });
  const interrupted = () => void system.end().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    const { phases, drain } = await measure(system, options);
    const bounds = boundsOf(phases, drain);
    console.log(`\n${report(phases, drain, bounds)}`);
    const machine = { node: process.version, cores: cpus().length, model: cpus()[0]?.model };
    if (options.json) {
      await writeFile(options.json, `${JSON.stringify({ machine, options, bounds, phases, drain }, null, 2)}\n`);
    }
    return options.check && bounds.some(({ holds }) => !holds) ? 1 : 0;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    await system.end();
  }
}

function optionsOrUsage(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

async function measure(system: BenchSystem, options: Options): Promise<{ phases: Phase[]; drain: Drain }> {
  const phases: Phase[] = [];
  await system.slowDown(COMPANY_MS);
  console.log('Warming up …');
  await underLoad(system, options, WARM_UP_SECONDS);
  for (let round = 1; round <= options.rounds; round++) {
    await purge(system.rabbitUrl);
    phases.push(await phase(`without ${round}`, 0, system, options));
    console.log(`Publishing ${options.backlog} texts …`);
    await system.texts.pile(options.backlog);
    phases.push(await phase(`with ${round}`, options.backlog, system, options));
  }
  return { phases, drain: await drainBacklog(system) };
}

async function phase(name: string, backlog: number, system: BenchSystem, options: Options): Promise<Phase> {
  console.log(`Measuring ${name} …`);
  await underLoad(system, options, SETTLE_SECONDS);
  const [waitingBefore, takenBefore] = await Promise.all([waitingIn(system.rabbitUrl), system.taken()]);
  const pids = { gateway: system.gateway.pid, worker: system.worker.pid };
  const began = performance.now();
  const { result: answers, usage } = await usageDuring(pids, () => underLoad(system, options, options.seconds));
  const [waitingAfter, takenAfter] = await Promise.all([waitingIn(system.rabbitUrl), system.taken()]);
  const textsPerSecond = ((takenAfter - takenBefore) * 1000) / (performance.now() - began);
  return {
    name,
    backlog,
    answers,
    waiting: [waitingBefore, waitingAfter],
    textsPerSecond,
    ...usage,
  };
}

/** Requests to the gateway, and what is missing to the worker's throughput published beside it. */
function underLoad({ gateway, texts }: BenchSystem, options: Options, seconds: number): Promise<Answers> {
  return texts.using(async (publish) => {
    const beside = evenly(textsPerSecond(options) - options.rate, seconds, publish);
    const answers = await askForCodes(gateway.url, options.rate, seconds);
    await beside;
    return answers;
  });
}

async function drainBacklog(system: BenchSystem): Promise<Drain> {
  console.log('Draining …');
  const { rabbitUrl, worker } = system;
  const before = await waitingIn(rabbitUrl);
  await system.slowDown(DRAIN_COMPANY_MS);
  await sleep(2 * COMPANY_MS); // what was asked for while it was slow has its answer then
  const takenFrom = await system.taken();
  const began = performance.now();
  const { result: textsPerSecond, usage } = await usageDuring({ worker: worker.pid }, async () => {
    do await sleep(1000);
    while (performance.now() < began + DRAIN_SECONDS * 1000 && (await waitingIn(rabbitUrl)) > 0);
    return (((await system.taken()) - takenFrom) * 1000) / (performance.now() - began);
  });
  return { waiting: [before, await waitingIn(rabbitUrl)], textsPerSecond, worker: usage.worker };
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});
