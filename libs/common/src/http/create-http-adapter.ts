import { FastifyAdapter } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AppLogger } from '../telemetry/logger.js';
import { answer, type HttpReply, type HttpRequest } from './answer.js';
import { answerUnreadable } from './answer-unreadable.js';
import { httpProblem } from './http-problems.js';
import { Problem } from './problem.js';

/** Larger bodies than this are refused unread. */
export const BODY_LIMIT_BYTES = 16 * 1024;
/** Of the request line and all headers together. */
const HEADER_LIMIT_BYTES = 16 * 1024;
/** From the first byte of a request to its last, and for its headers alone: who sends slowly is cut off. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Nothing sent and nothing taken for so long, in the middle of a request or its answer. */
const SILENCE_TIMEOUT_MS = 30_000;
/** Between two requests of a connection; longer than the 60 s after which most proxies in front close theirs. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * Fastify with our limits, whose own errors are problem details too. Goes with `useProblemDetails`. Of `trustedProxies`
 * (addresses and networks) X-Forwarded-For is believed.
 */
export function createHttpAdapter(logger: AppLogger, trustedProxies: readonly string[] = []): FastifyAdapter {
  return new FastifyAdapter({
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: SILENCE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: {
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false, // Node would refuse without a body; `useProblemDetails` does it with one
    },
    /** Requests on kept-alive connections are still served while the rest of the process ends. */
    return503OnClosing: false,
    genReqId: requestIdOf,
    frameworkErrors: ({ statusCode }: { statusCode?: number }, request: HttpRequest, reply: object) =>
      answer(new Problem(httpProblem(statusCode ?? 400)), request, reply as HttpReply),
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, logger),
  });
}

/** The caller's id where it is a harmless one, else a new one. */
function requestIdOf({ headers }: { headers: IncomingMessage['headers'] }): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
