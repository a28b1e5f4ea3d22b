import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Deadlines are for what hangs, not for what is slow: a machine that is busy with other things gets three times as long. */
const PATIENCE = 3;

/** Polls until `test` gives something truthy, and gives that; fails with `what` after `seconds`. */
export async function until<T>(
  what: string,
  seconds: number,
  test: () => T | Promise<T>,
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = Date.now() + seconds * 1000 * PATIENCE;
  for (;;) {
    const value = await test();
    if (value) return value as Exclude<NonNullable<T>, false>;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds * PATIENCE} s`);
    await sleep(20);
  }
}

/** A TCP port of the loopback interface that nobody listens on at this moment. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Whether somebody listens on this port of the loopback interface. */
export const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
