import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { leashed } from './leash.ts';
import { freePort, isOpen, until } from './until.ts';

const NODES = 3;
/** A node's bus listens this much above its port. */
const BUS = 10_000;
const run = promisify(execFile);

/**
 * Three masters on loopback that share the slots, without replicas; where one is away the others go on. `url` is one for
 * REDIS_URL; `stopFirst` takes the node on `firstPort` away.
 */
export async function startRedisCluster(): Promise<{
  readonly url: string;
  readonly firstPort: number;
  stopFirst(): Promise<void>;
  stop(): Promise<void>;
}> {
  const dir = await mkdtemp(join(tmpdir(), 'otpost-redis-cluster-'));
  const ports: number[] = [];
  while (ports.length < NODES) {
    const port = await freePort();
    const bus = port + BUS;
    if (bus < 65_536 && !ports.includes(port) && !(await isOpen(bus))) ports.push(port);
  }
  const servers = ports.map((port) =>
    leashed('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir],
      ...['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`, '--cluster-node-timeout', '5000'],
      ...['--cluster-require-full-coverage', 'no'],
    ]),
  );
  for (const port of ports) await until(`redis-server on ${port}`, 10, () => isOpen(port));
  await run('redis-cli', ['--cluster', 'create', ...ports.map((port) => `127.0.0.1:${port}`), '--cluster-yes']);
  for (const port of ports)
    await until(`the cluster stands for ${port}`, 20, async () => {
      const { stdout } = await run('redis-cli', ['-p', String(port), 'cluster', 'info']);
      return stdout.includes('cluster_state:ok');
    });
  return {
    url: ports.map((port) => `redis://127.0.0.1:${port}`).join(','),
    firstPort: ports[0]!,
    stopFirst: () => servers[0]!.release(),
    async stop() {
      for (const server of servers) await server.release();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
