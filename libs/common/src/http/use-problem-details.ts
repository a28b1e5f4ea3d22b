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
 * Called before `listen()` on an app made with `createHttpAdapter()` and `{ bodyParser: false }`.
 */
export function useProblemDetails(app: NestFastifyApplication): void {
  endConnections(app);
  const fastify = app.getHttpAdapter().getInstance();
  const routes: { method: string; matcher: RegExp }[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
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
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, next) => {
    try {
      next(null, readJson(body as string));
    } catch {
      next(new Problem(httpProblem(400)));
    }
  });
  const methodsOf = (path: string) => [
    ...new Set(routes.filter(({ matcher }) => matcher.test(path)).map(({ method }) => method)),
  ];
  app.useGlobalFilters(new ProblemFilter(app.get(AppLogger), methodsOf));
  app.useGlobalPipes(requestValidation());
}

const matcherOf = (url: string): RegExp =>
  new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}/?$`);
