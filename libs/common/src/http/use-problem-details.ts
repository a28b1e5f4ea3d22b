import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppLogger } from '../telemetry/logger.js';
import { httpProblem } from './http-problems.js';
import { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { requestValidation } from './request-validation.js';

/**
 * Gives an app our manners: problem details for every error, checked bodies, JSON only, `X-Request-Id` echoed.
 * Called before `listen()` on an app made with `createHttpAdapter()` and `{ bodyParser: false }`.
 */
export function useProblemDetails(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const routes: { method: string; matcher: RegExp }[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, matcher: matcherOf(url) });
  });
  fastify.addHook('onRequest', (request, reply, next) => {
    void reply.header('x-request-id', request.id);
    next();
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

/** An empty body is none: clients send the content type with every POST. */
const readJson = (text: string): unknown =>
  text.trim() === '' ? undefined : JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value));

const matcherOf = (url: string): RegExp =>
  new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[^/]+/g, '[^/]+')}/?$`);
