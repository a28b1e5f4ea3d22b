import { Catch, HttpException, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { RedisUnavailableError } from '../redis/redis.js';
import type { AppLogger } from '../telemetry/logger.js';
import { answer, pathOf, shownPathOf, type HttpReply, type HttpRequest } from './answer.js';
import { httpProblem } from './http-problems.js';
import { dependencyUnavailable, Problem } from './problem.js';

/** Answers every error as problem details. An error that nobody foresaw is logged with the request's id and shown to nobody. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: AppLogger,
    /** The methods that a path knows: what tells 405 from 404. */
    private readonly methodsOf: (path: string) => readonly string[] = () => [],
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    answer(this.problemOf(error, request), request, http.getResponse<HttpReply>());
  }

  private problemOf(error: unknown, request: HttpRequest): Problem {
    const { id, method } = request;
    if (error instanceof Problem) return error;
    if (error instanceof RedisUnavailableError) {
      this.logger.debug({ requestId: id, reason: error.message }, 'Redis did not answer');
      return dependencyUnavailable('The store does not answer at the moment. Try again.');
    }
    if (error instanceof NotFoundException) return this.unrouted(method, pathOf(request));
    const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
    if (status >= 400 && status < 500) return new Problem(httpProblem(status));
    this.logger.error({ err: error, requestId: id, method, path: shownPathOf(request) }, 'request failed');
    return new Problem(httpProblem(500));
  }

  private unrouted(method: string, path: string): Problem {
    const allowed = this.methodsOf(path);
    if (allowed.length === 0 || allowed.includes(method)) return new Problem(httpProblem(404));
    return new Problem(httpProblem(405), { allow: allowed.join(', ') });
  }
}

/** Fastify's own refusals, such as of a body that was cut off, carry the status they mean. */
const statusOf = (error: unknown): number => Number((error as { statusCode?: unknown } | undefined)?.statusCode ?? 500);
