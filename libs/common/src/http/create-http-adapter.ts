import { FastifyAdapter } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { answer, type HttpReply, type HttpRequest } from './answer.js';
import { httpProblem } from './http-problems.js';
import { Problem, PROBLEM_JSON, problemBody } from './problem.js';

/** Larger bodies than this are refused unread. */
export const BODY_LIMIT_BYTES = 16 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** Fastify with our limits, whose own errors are problem details too. Goes with `useProblemDetails`. */
export function createHttpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    /** From the first byte of a request to its last: who sends slowly is cut off. */
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { connectionsCheckingInterval: 1000, headersTimeout: REQUEST_TIMEOUT_MS },
    /** Requests on kept-alive connections are still served while the rest of the process ends. */
    return503OnClosing: false,
    genReqId: requestIdOf,
    frameworkErrors: ({ statusCode }: { statusCode?: number }, request: HttpRequest, reply: object) =>
      answer(new Problem(httpProblem(statusCode ?? 400)), request, reply as HttpReply),
    clientErrorHandler: answerUnreadable,
  });
}

/** The caller's id where it is a harmless one, else a new one. */
function requestIdOf({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

const STATUS_OF: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** For what is not even HTTP, where no request and no reply exist. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const body = JSON.stringify(problemBody(httpProblem(status), ''));
  const head = [
    `HTTP/1.1 ${status} ${REASON[status]}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
