import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leashed } from './leash.ts';
import { freePort, isOpen, until } from './until.ts';

/** A private RabbitMQ or Redis: own data folder, loopback only, gone when it is stopped or when we end. */
export interface Service {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export const RABBITMQ_SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export const hasRabbit = () => existsSync(RABBITMQ_SERVER);
export const hasRedis = () => existsSync('/usr/bin/redis-server') || existsSync('/usr/local/bin/redis-server');

/** `port` lets a test bring the same Redis back where it was; its data are gone, as after a failover. */
export async function startRedis(
  options: { port?: number; dir?: string; persistent?: boolean } = {},
): Promise<Service> {
  const port = options.port ?? (await freePort());
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'otpost-redis-')));
  const saving = options.persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  const server = leashed('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    ...saving,
    '--dir',
    dir,
  ]);
  await until('redis-server', 10, () => isOpen(port));
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async stop() {
      await server.release();
      if (!options.dir) await rm(dir, { recursive: true, force: true });
    },
  };
}

/** `dir` and `port` let a test stop a node and start it again with its data. */
export async function startRabbit(options: { port?: number; dir?: string } = {}): Promise<Service> {
  const port = options.port ?? (await freePort());
  const [dist, epmdPort] = [await freePort(), await freePort()];
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'otpost-rabbit-')));
  const at = (name: string) => join(dir, name);
  await writeFile(at('rabbitmq.conf'), `listeners.tcp.local = 127.0.0.1:${port}\nlog.console = false\n`);
  await writeFile(at('plugins'), '[].');
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    RUNNING_UNDER_SYSTEMD: '1',
    RABBITMQ_NODENAME: `otpost${port}@localhost`,
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: at('config'),
    RABBITMQ_DIST_PORT: String(dist),
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP: at('crash.dump'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
  // Our own epmd, so that it can be stopped: Erlang would leave a daemon behind.
  const epmd = leashed('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { env });
  await until('epmd', 10, () => isOpen(epmdPort));
  const server = leashed(RABBITMQ_SERVER, [], { env, cwd: dir });
  await until('rabbitmq-server', 90, () => isOpen(port));
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    async stop() {
      await server.release();
      await epmd.release();
      if (!options.dir) await rm(dir, { recursive: true, force: true });
    },
  };
}
