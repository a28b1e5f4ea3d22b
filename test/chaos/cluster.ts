import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { leashed, type Leashed } from '../support/leash.ts';
import { RABBITMQ_SERVER } from '../support/services.ts';
import { isOpen, until } from '../support/until.ts';
import { freeze } from './freeze.js';
import { lastingPort } from './ports.js';

const run = promisify(execFile);
const CTL = RABBITMQ_SERVER.replace('rabbitmq-server', 'rabbitmqctl');

/** One RabbitMQ node with a data folder of its own. */
export class Node {
  private server: Leashed | undefined;

  constructor(
    readonly name: string,
    readonly port: number,
    private readonly dir: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  get running(): boolean {
    return this.server !== undefined;
  }

  /** Resolves when it takes connections. */
  async start(): Promise<void> {
    this.server = leashed(RABBITMQ_SERVER, [], { env: this.env, cwd: this.dir });
    await until(`${this.name} listens`, 120, () => isOpen(this.port));
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.kill();
    await server?.ended;
  }

  /** As an operator stops it. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    await server?.release();
  }

  /** SIGSTOP; the answer thaws it. */
  async freeze(): Promise<() => Promise<void>> {
    return freeze(Number(await readFile(join(this.dir, 'pid'), 'utf8')));
  }

  async ctl(...args: string[]): Promise<string> {
    const { stdout } = await run(CTL, ['--quiet', ...args], { env: this.env, timeout: 30_000 });
    return stdout;
  }

  eval(expression: string): Promise<string> {
    return this.ctl('eval', expression);
  }
}

/** RabbitMQ nodes on loopback that nobody else shares: own Erlang cookie, own epmd, own ports. */
export class Cluster {
  constructor(
    readonly nodes: readonly Node[],
    private readonly dir: string,
    private readonly epmd: Leashed,
  ) {}

  /** As RABBITMQ_URL wants it; each process may begin with another node. */
  urls(firstNode = 0): string {
    const { nodes } = this;
    return nodes.map((_, n) => nodes[(firstNode + n) % nodes.length]!.url).join(',');
  }

  /** A node that runs. */
  get alive(): Node {
    const node = this.nodes.find(({ running }) => running);
    if (!node) throw new Error('No RabbitMQ node runs');
    return node;
  }

  leaderOf(queue: string): Promise<Node> {
    const question = `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>)), {_, Leader} = amqqueue:get_pid(Q), Leader.`;
    return until(`${queue} has a leader`, 30, async () => {
      const answer = await this.alive.eval(question).catch(() => 'not yet');
      const name = /[a-z]+\d@localhost/.exec(answer)?.[0];
      return this.nodes.find((node) => node.name === name) ?? sleep(1000, undefined);
    });
  }

  /** Resolves when every node runs and sees all others. */
  async whole(seconds = 120): Promise<void> {
    const names = this.nodes.map(({ name }) => `'${name}'`).join(', ');
    const question = `[length(rpc:call(N, rabbit_nodes, all_running, [])) || N <- [${names}]].`;
    let answer = '';
    await until('every node sees all nodes', seconds, async () => {
      answer = await this.alive.eval(question).catch((error: Error) => error.message);
      const seen = answer.match(/\d+/g) ?? [];
      const whole = seen.length === this.nodes.length && seen.every((count) => Number(count) === this.nodes.length);
      return whole || sleep(1000, false); // each question costs the machine a second
    }).catch((error: Error) => {
      throw new Error(`${error.message}: ${answer.trim()}`);
    });
  }

  /**
   * Cuts the node off from the others: each side is told another Erlang cookie for its peers, and the connections are
   * dropped. The answer heals.
   */
  async isolate(node: Node): Promise<() => Promise<void>> {
    const others = this.nodes.filter((each) => each !== node);
    const part = (at: Node, from: readonly Node[], word: string) =>
      at.eval(
        [
          ...from.map(({ name }) => `erlang:set_cookie('${name}', '${word}')`),
          ...from.map(({ name }) => `erlang:disconnect_node('${name}')`),
        ].join(', ') + '.',
      );
    await Promise.all([part(node, others, 'inside'), ...others.map((other) => part(other, [node], 'outside'))]);
    return async () => {
      const heal = (at: Node, from: readonly Node[]) =>
        at.eval(from.map(({ name }) => `erlang:set_cookie('${name}', erlang:get_cookie())`).join(', ') + '.');
      await Promise.all([heal(node, others), ...others.map((other) => heal(other, [node]))]);
    };
  }

  /**
   * After a node was away from the others. A node that comes back before it has noticed its own absence stays apart from
   * them: RabbitMQ logs the partition and leaves it to the operator, who restarts that node. Resolves to whether that was
   * necessary.
   */
  async rejoined(node: Node): Promise<boolean> {
    if (await this.isWhole(20)) return false;
    await node.kill();
    await node.start();
    await this.whole();
    return true;
  }

  /** Whatever a row that broke off has left. */
  async revive(): Promise<void> {
    await Promise.all(this.nodes.filter(({ running }) => !running).map((node) => node.start()));
    if (await this.isWhole(30)) return;
    await Promise.all(this.nodes.map((node) => node.kill()));
    await Promise.all(this.nodes.map((node) => node.start()));
    await this.whole();
  }

  private isWhole(seconds: number): Promise<boolean> {
    return this.whole(seconds).then(
      () => true,
      () => false,
    );
  }

  async end(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.epmd.release();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }); // what was killed may still write
  }
}

export async function startCluster(size: number, more: NodeJS.ProcessEnv = {}): Promise<Cluster> {
  const dir = await mkdtemp(join(tmpdir(), 'otpost-chaos-'));
  const epmdPort = await lastingPort();
  const shared = {
    PATH: process.env.PATH,
    HOME: dir,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ...more,
  };
  const names = Array.from({ length: size }, (_, n) => `qa${n + 1}@localhost`);
  const epmd = leashed('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { env: shared });
  await until('epmd', 10, () => isOpen(epmdPort));
  await writeFile(join(dir, '.erlang.cookie'), 'CHAOS', { mode: 0o400 });
  const nodes = await Promise.all(names.map((name) => prepare(name, names, dir, shared)));
  const cluster = new Cluster(nodes, dir, epmd);
  await Promise.all(nodes.map((node) => node.start()));
  await cluster.whole();
  return cluster;
}

async function prepare(name: string, names: readonly string[], home: string, shared: NodeJS.ProcessEnv): Promise<Node> {
  const dir = join(home, name);
  const at = (file: string) => join(dir, file);
  const [port, dist] = [await lastingPort(), await lastingPort()];
  const tools = await lastingPort();
  await mkdir(dir);
  await writeFile(at('rabbitmq.conf'), configuration(port, names));
  // How soon a dead-lettering that found no target is tried again; three minutes by default.
  await writeFile(at('advanced.config'), '[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 5000}]}].');
  await writeFile(at('plugins'), '[].');
  return new Node(name, port, dir, {
    ...shared,
    RUNNING_UNDER_SYSTEMD: '1',
    RABBITMQ_NODENAME: name,
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: at('config'),
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_CTL_DIST_PORT_MIN: String(tools),
    RABBITMQ_CTL_DIST_PORT_MAX: String(tools + 20),
    ERL_CRASH_DUMP: at('crash.dump'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '+S 1:1 -kernel inet_dist_use_interface {127,0,0,1} -kernel net_ticktime 10 -kernel prevent_overlapping_partitions false',
  });
}

const configuration = (port: number, names: readonly string[]) =>
  [
    `listeners.tcp.local = 127.0.0.1:${port}`,
    'log.console = false',
    'vm_memory_high_watermark.absolute = 2GB',
    'cluster_formation.peer_discovery_backend = classic_config',
    ...names.map((name, n) => `cluster_formation.classic_config.nodes.${n + 1} = ${name}`),
    'cluster_partition_handling = pause_minority',
    '',
  ].join('\n');
