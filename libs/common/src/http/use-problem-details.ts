import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppLogger } from '../telemetry/logger.js';
import { readTraceparent, requestContext } from '../telemetry/request-context.js';
import { endConnections } from './end-connections.js';
import { httpProblem } from './http-problems.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { readJson } from './read-json.js';
import { requestValidation } from './request-validation.js';

/**
 * Gives an app our manners: problem details for every error, checked bodies, JSON only, `X-Request-Id` echoed, an end.
 * Under one path bodies of every kind come as they were sent, a Buffer: there the bytes are signed.
 * Called before `listen()` on an app made with `createHttpAdapter()` and `{ bodyParser: false }`.
 */
export function useProblemDetails(
  app: NestFastifyApplication,
  { rawBodies }: { rawBodies?: { readonly under: string; readonly bytes: number } } = {},
): void {
  endConnections(app);
  const fastify = app.getHttpAdapter().getInstance();
  const routes: { method: string; matcher: RegExp }[] = [];
  const isRaw = (url: string) => rawBodies !== undefined && url.startsWith(rawBodies.under);
  fastify.addHook('onRoute', (route) => {
    const { method, url } = route;
    if (isRaw(url)) route.bodyLimit = rawBodies!.bytes;
    for (const one of [method].flat()) routes.push({ method: one, matcher: matcherOf(url) });
  });
  fastify.server.on('checkExpectation', (request, response) => void fastify.server.emit('request', request, response));
  fastify.addHook('onRequest', (request, reply, next) => {
    void reply.header('x-request-id', request.id);
    const { httpVersion, headers } = request.raw;
    next(httpVersion === '1.1' && headers.host === undefined ? new Problem(httpProblem(400)) : undefined); // RFC 9112 §3.2
  });
  fastify.addHook('preValidation', (request, _reply, next) => {
    const traceparent = readTraceparent(request.headers.traceparent);
    requestContext.run({ requestId: request.id, traceparent }, next);
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ url }, body, next) => {
    try {
      next(null, isRaw(url) ? body : readJson(body.toString('utf8')));
    } catch {
      next(new Problem(httpProblem(400)));
    }
  });
  if (rawBodies) {
    fastify.addContentTypeParser('*', { parseAs: 'buffer' }, ({ url }, body, next) =>
      isRaw(url) ? next(null, body) : next(new Problem(httpProblem(415))),
    );
  }
  const methodsOf = (path: string) => [
    ...new Set(routes.filter(({ matcher }) => matcher.test(path)).map(({ method }) => method)),
  ];
  app.useGlobalFilters(new ProblemFilter(app.get(AppLogger), methodsOf));
  app.useGlobalPipes(requestValidation());
}

const matcherOf = (url: string): RegExp =>
  new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}/?$`);
