import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Environment } from '@app/common';
import { runCli } from '../../apps/cli/src/run-cli.js';

const MAIN = 'dist/apps/cli/src/main.js';

export interface Otpost {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command in this process, with these settings and no others; `answer` is what is typed when it asks. */
export async function otpost(args: readonly string[], environment: Environment = {}, answer = ''): Promise<Otpost> {
  let stdout = '';
  let stderr = '';
  const code = await runCli(args, environment, {
    print: (text) => void (stdout += `${text}\n`),
    tell: (text) => void (stderr += `${text}\n`),
    async ask(question) {
      stderr += question;
      return answer;
    },
  });
  return { code, stdout, stderr };
}

export interface OtpostProcess {
  readonly ended: Promise<Otpost>;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

/** `otpost` as an operator calls it; `input` is all that he types. */
export function startOtpost(args: readonly string[], environment: Environment = {}, input = ''): OtpostProcess {
  if (!existsSync(MAIN)) throw new Error('otpost is not built: npm run build');
  const child = spawn(process.execPath, ['--enable-source-maps', MAIN, ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.on('error', () => undefined); // it may have ended without reading
  child.stdin.end(input);
  const ended = new Promise<Otpost>((resolve) =>
    child.once('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr })),
  );
  return { ended, stderr: () => stderr, kill: (signal) => void child.kill(signal) };
}
