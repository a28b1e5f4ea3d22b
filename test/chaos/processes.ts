import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { until } from '../support/until.ts';
import { freeze } from './freeze.js';
import type { MemorySample } from './memory.js';
import { lastingPort } from './ports.js';

export type Environment = Readonly<Record<string, string>>;
export type App = 'gateway' | 'sms-worker' | 'carrier-lab';

const PORT_NAMES = { gateway: 'PORT', 'sms-worker': 'SMS_WORKER_PORT', 'carrier-lab': 'CARRIER_LAB_PORT' } as const;
const main = (app: App | 'cli') => `dist/apps/${app}/src/main.js`;

/** One process of ours as an operator runs it. It comes back on the same port. */
export class AppProcess {
  private child: ChildProcess | undefined;
  private ended: Promise<number | NodeJS.Signals | null> = Promise.resolve(null);
  private written = '';
  /** Most resident memory seen in any of its lives, in MB. */
  peakMb = 0;
  /** Of its present life. */
  memory: MemorySample[] = [];

  private constructor(
    readonly app: App,
    private readonly port: number,
    private readonly environment: Environment,
    private readonly nodeOptions: readonly string[],
  ) {}

  static async create(app: App, environment: Environment, nodeOptions: readonly string[] = []): Promise<AppProcess> {
    if (!existsSync(main(app))) throw new Error('The processes are not built: npm run build');
    return new AppProcess(app, await lastingPort(), environment, nodeOptions);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Whatever it wrote in all its lives. */
  get output(): string {
    return this.written;
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** Resolves when it is ready, or at once where `ready` is false. */
  async start({ ready = true } = {}): Promise<void> {
    this.spawn();
    if (!ready) return;
    const end = this.ended;
    await Promise.race([
      until(`${this.app} is ready`, 40, () => this.isReady()),
      end.then((code) => {
        throw new Error(`${this.app} ended with ${code} before it was ready:\n${this.written}`);
      }),
    ]);
  }

  async isReady(): Promise<boolean> {
    return answers(`${this.url}/${this.app === 'carrier-lab' ? 'stats' : 'readyz'}`);
  }

  /** Whether no delivery is under way in it: says when to look, and counts for nothing. */
  async isIdle(): Promise<boolean> {
    if (!this.isRunning) return true;
    const metrics = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(2000) })
      .then((response) => response.text())
      .catch(() => '');
    return /^otpost_events_in_flight 0$/m.test(metrics);
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  /** Exit code, or the signal that ended it. */
  end(): Promise<number | NodeJS.Signals | null> {
    return this.ended;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  freeze(): Promise<() => Promise<void>> {
    return freeze(this.pid);
  }

  sampleMemory(): void {
    if (!this.isRunning) return;
    const mb = residentMb(this.pid);
    if (mb === undefined) return;
    this.peakMb = Math.max(this.peakMb, mb);
    this.memory.push({ at: Date.now(), mb });
  }

  private spawn(): void {
    const { child, ended } = run(
      [...this.nodeOptions, main(this.app)],
      { ...this.environment, [PORT_NAMES[this.app]]: String(this.port) },
      (text) => (this.written += text),
    );
    this.child = child;
    this.ended = ended;
    this.memory = [];
  }
}

/** Undefined where it ended meanwhile. */
function residentMb(pid: number): number | undefined {
  try {
    const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kb === undefined ? undefined : Number(kb) / 1024;
  } catch {
    return undefined;
  }
}

interface Running {
  readonly child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** A Node.js process that ends with us, however we end. */
function run(args: readonly string[], environment: Environment, onText: (text: string) => void): Running {
  const child = spawn(process.execPath, ['--enable-source-maps', ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C is for us alone
  });
  // Reads until our end of the pipe is gone, then ends the app.
  const reaper = spawn('sh', ['-c', 'read _; kill -9 "$1" 2>/dev/null', 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => onText(chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => {
      reaper.stdin.end();
      resolve(code ?? signal);
    }),
  );
  return { child, ended };
}

/** The operator's command. */
export function otpost(args: readonly string[], environment: Environment) {
  let output = '';
  const { child, ended } = run([main('cli'), ...args], environment, (text) => (output += text));
  return { ended, output: () => output, kill: () => void child.kill('SIGKILL') };
}

export const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
};
