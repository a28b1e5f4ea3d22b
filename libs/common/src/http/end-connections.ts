import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Socket } from 'node:net';

/** For a request that is on its way on a connection that was opened just now. */
const SILENT_GRACE_MS = 1000;
/** Longer than any answer takes. Who has not sent his request by then, or not taken his answer, gets none. */
const GRACE_MS = 10_000;

/**
 * Lets a server end. Node closes kept-alive connections by itself, but from `close()` on it times nothing out any more,
 * so that one connection on which no request ever arrives would hold the process for ever:
 *
 * 1. what is idle between two requests is closed at once (Node)
 * 2. an answer that is still under way says `connection: close`, and its connection is closed behind it
 * 3. what never sent a byte is closed after 1 s
 * 4. whatever is left is cut off after 10 s
 */
export function endConnections(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const { server } = fastify;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let closing = false;
  fastify.addHook('onSend', (_request, reply, payload, next) => {
    if (closing) void reply.header('connection', 'close');
    next(null, payload);
  });
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, cut: () => void) => timers.push(setTimeout(cut, ms).unref());
  fastify.addHook('preClose', async () => {
    closing = true;
    after(SILENT_GRACE_MS, () => sockets.forEach((socket) => socket.bytesRead === 0 && socket.destroy()));
    after(GRACE_MS, () => server.closeAllConnections());
  });
  fastify.addHook('onClose', async () => timers.forEach(clearTimeout));
}
