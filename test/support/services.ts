import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leashed, type Leashed } from './leash.ts';
import { freePort, isOpen, until } from './until.ts';

export const RABBITMQ_SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';

export const hasRabbit = () => existsSync(RABBITMQ_SERVER);
export const hasRedis = () => existsSync('/usr/bin/redis-server') || existsSync('/usr/local/bin/redis-server');

/** A private RabbitMQ or Redis: own data folder, loopback only, gone when it is stopped or when we end. */
export interface Service {
  readonly url: string;
  /** Its folder, with its data and logs. */
  readonly dir: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** On the same port; with its data where they were kept, else without, as after a failover. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Program {
  readonly url: string;
  readonly dir: string;
  start(): Promise<Leashed>;
}

/** Starts a program in a folder of its own that goes with it. */
async function serve(program: Program): Promise<Service> {
  let server = await program.start();
  return {
    url: program.url,
    dir: program.dir,
    async kill() {
      server.kill();
      await server.ended;
    },
    async restart() {
      server = await program.start();
    },
    async stop() {
      await server.release();
      await rm(program.dir, { recursive: true, force: true });
    },
  };
}

export async function startRedis({ keepsData = false } = {}): Promise<Service> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'otpost-redis-'));
  const saving = keepsData ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no'];
  return serve({
    url: `redis://127.0.0.1:${port}`,
    dir,
    async start() {
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
      return server;
    },
  });
}

/** What a node is given besides its own port and folder. */
interface RabbitOptions {
  /** Further lines of rabbitmq.conf. */
  readonly conf?: string;
  /** Path of an advanced.config. */
  readonly advancedConfig?: string;
  readonly plugins?: readonly string[];
}

/** A single node; its data are durable as any RabbitMQ's. */
export async function startRabbit({ conf = '', advancedConfig, plugins = [] }: RabbitOptions = {}): Promise<Service> {
  const [port, dist, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const dir = await mkdtemp(join(tmpdir(), 'otpost-rabbit-'));
  const at = (name: string) => join(dir, name);
  await writeFile(at('rabbitmq.conf'), `listeners.tcp.local = 127.0.0.1:${port}\nlog.console = false\n${conf}`);
  await writeFile(at('plugins'), `[${plugins.join()}].`);
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    RUNNING_UNDER_SYSTEMD: '1',
    RABBITMQ_NODENAME: `otpost${port}@localhost`,
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ADVANCED_CONFIG_FILE: advancedConfig,
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
  const service = await serve({
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    dir,
    async start() {
      const server = leashed(RABBITMQ_SERVER, [], { env, cwd: dir });
      await until('rabbitmq-server', 90, () => isOpen(port));
      return server;
    },
  });
  return {
    ...service,
    async stop() {
      await service.stop();
      await epmd.release();
    },
  };
}
