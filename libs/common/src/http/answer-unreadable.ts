import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AppLogger } from '../telemetry/logger.js';
import { httpProblem } from './http-problems.js';
import { PROBLEM_JSON, problemBody } from './problem.js';

/** The rest of what Node's parser refuses is 400. */
const STATUS_OF: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** For what is not even HTTP, where no request and no reply exist: the answer is written on the bare connection, its last. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, logger: AppLogger): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  if (answering(socket)?.headersSent) return void socket.destroySoon(); // in the middle of an answer another makes no sense
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const requestId = randomUUID();
  logger.debug({ requestId, status, reason: error.code }, 'unreadable request');
  const body = JSON.stringify(problemBody(httpProblem(status), '', requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}

/** The response that Node has under way on a connection: its documentation names this property for this very use. */
const answering = (socket: Socket): ServerResponse | null | undefined =>
  (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
