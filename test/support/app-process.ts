import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Environment } from '@app/common';
import { freePort, until } from './until.js';

export interface AppProcess {
  readonly pid: number;
  readonly url: string;
  /** Whatever it wrote, both streams. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

const main = (app: string) => `dist/apps/${app}/src/main.js`;

/** A process of ours as an operator starts it, on a free port. It ends with us, however we end. */
export async function startApp(app: 'gateway' | 'sms-worker', environment: Environment): Promise<AppProcess> {
  const portName = app === 'gateway' ? 'PORT' : 'SMS_WORKER_PORT';
  const port =
    environment[portName] && environment[portName] !== '0' ? Number(environment[portName]) : await freePort();
  const started = runApp(app, { ...environment, [portName]: String(port) });
  const url = `http://127.0.0.1:${port}`;
  const over = started.ended.then((end) => {
    throw new Error(`${app} ended with ${end} before it was ready:\n${started.output()}`);
  });
  over.catch(() => undefined); // an end after that is the test's own business
  await Promise.race([over, until(`${app} listens`, 20, () => answers(`${url}/livez`))]);
  return { ...started, url };
}

/** A process of ours that may end by itself. */
export function runApp(app: string, environment: Environment): Omit<AppProcess, 'url'> {
  if (!existsSync(main(app))) throw new Error('The processes are not built: npm run build');
  const child = spawn(process.execPath, ['--enable-source-maps', main(app)], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid!;
  // Reads until our end of the pipe is gone, then ends the app.
  const reaper = spawn('sh', ['-c', 'read _; kill -9 "$1" 2>/dev/null', 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => {
      reaper.stdin.end();
      resolve(code ?? signal);
    }),
  );
  return { pid, ended, output: () => output, kill: (signal) => void child.kill(signal) };
}

export const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
};
