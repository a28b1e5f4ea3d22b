import { spawn, type ChildProcess } from 'node:child_process';

export interface Leashed {
  /** Ends the program and waits until it is gone. */
  release(): Promise<void>;
  /** kill -9 to the program and whatever it started; `ended` follows. */
  kill(): void;
  /** Resolves when the program has ended by itself. */
  readonly ended: Promise<void>;
}

/**
 * Starts a program that ends when we end, however we end (Ctrl-C, kill -9): the shell holds its leash,
 * and our end of the pipe is the hand.
 */
export function leashed(
  program: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Leashed {
  const shell = spawn('sh', ['-c', 'trap "" INT; "$@" & read _; kill $!; wait $!', 'sh', program, ...args], {
    ...options,
    detached: true, // a process group of its own, for kill()
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = endOf(shell);
  return {
    ended,
    async release() {
      shell.stdin?.end();
      await ended;
    },
    kill() {
      process.kill(-shell.pid!, 'SIGKILL');
    },
  };
}

const endOf = (child: ChildProcess) =>
  new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
