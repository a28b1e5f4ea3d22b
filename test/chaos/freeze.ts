import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** SIGSTOP; the answer thaws it. It thaws by itself when we end, however we end. */
export async function freeze(pid: number): Promise<() => Promise<void>> {
  const guard = spawn('sh', ['-c', 'kill -STOP "$1"; echo; read _; kill -CONT "$1"', 'sh', String(pid)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true, // Ctrl-C is for us alone
  });
  await once(guard.stdout, 'data');
  return async () => {
    const ended = once(guard, 'exit');
    guard.stdin.end();
    await ended;
  };
}
