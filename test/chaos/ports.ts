import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A loopback port below the range that the kernel hands out (and that RabbitMQ's tools listen in): what is killed comes back
 * on its own port, which nobody may have taken meanwhile.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

const given = new Set<number>();

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
