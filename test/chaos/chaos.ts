import { writeFile } from 'node:fs/promises';
import { installServices } from '../support/install-services.ts';
import { Carrier } from './carrier.js';
import { startCluster } from './cluster.js';
import { rows } from './faults/faults.js';
import { soak } from './faults/soak.js';
import { readOptions, USAGE, type Options } from './options.js';
import { play, type Result } from './play.js';
import { RedisServer } from './redis-server.js';
import type { Row } from './row.js';
import type { Services } from './scene.js';
import { asJson, table } from './table.js';

/** Runs the chosen faults on services of its own and says what became of every text. Exit code 1 where one fails. */
async function main(): Promise<number> {
  const options = optionsOrUsage();
  if (!options) return 2;
  const chosen = choose(options);
  if (options.list) {
    for (const { id, nodes, short, title } of chosen)
      console.log(`${id}  ${nodes} ${nodes === 1 ? 'node ' : 'nodes'}  ${short ? 'short' : '     '}  ${title}`);
    return 0;
  }
  installServices();
  const results: Result[] = [];
  // A row that does not need three nodes runs on one in a short run: a single node starts in a fifth of the time.
  const groups = options.short
    ? [chosen.filter(({ nodes }) => nodes === 1), chosen.filter(({ nodes }) => nodes === 3)]
    : [chosen];
  for (const group of groups) results.push(...(await playAll(group, options)));
  console.log(`\nseed ${options.seed}\n${table(results)}`);
  if (options.json) await writeFile(options.json, `${JSON.stringify(asJson(results), null, 2)}\n`);
  const failed = results.filter(({ verdict }) => verdict.complaints.length > 0).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

function optionsOrUsage(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return undefined;
  }
}

function choose({ faults, short, minutes }: Options): readonly Row[] {
  if (minutes !== undefined) return [soak(minutes)];
  const unknown = faults.filter((id) => !rows.some((row) => row.id === id));
  if (unknown.length > 0) throw new Error(`No such fault: ${unknown.join(', ')} (--list shows them)`);
  if (faults.length > 0) return rows.filter(({ id }) => faults.includes(id));
  return short ? rows.filter((row) => row.short) : rows;
}

async function playAll(chosen: readonly Row[], options: Options): Promise<Result[]> {
  if (chosen.length === 0) return [];
  const nodes = Math.max(...chosen.map((row) => row.nodes));
  console.log(`Starting ${nodes} RabbitMQ ${nodes === 1 ? 'node' : 'nodes'}, Redis and a make-believe SMS company …`);
  const [cluster, redis, carrier] = await Promise.all([startCluster(nodes), RedisServer.start(), Carrier.start()]);
  const end = async () => {
    await Promise.all([cluster.end(), redis.stop(), carrier.close()]);
  };
  const interrupted = () => void end().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    return await playEach(chosen, { cluster, redis, carrier }, options);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    await end();
  }
}

async function playEach(chosen: readonly Row[], services: Services, options: Options): Promise<Result[]> {
  const results: Result[] = [];
  for (const row of chosen) {
    console.log(`\n${row.id} ${row.title} …`);
    const result = await play(row, services, options);
    results.push(result);
    console.log(table([result]));
    if (result.output) console.log(result.output);
  }
  return results;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});
