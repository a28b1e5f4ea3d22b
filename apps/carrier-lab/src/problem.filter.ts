import type { AppLogger } from '@app/common';
import { BadRequestException, Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { STATUS_CODES } from 'node:http';

interface ProblemReply {
  status(code: number): this;
  header(name: string, value: string): this;
  send(body: string): unknown;
}

/** RFC 9457 for every error of the lab's own API. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: AppLogger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const status = statusOf(error);
    if (status >= 500) this.logger.error(error);
    const detail = status < 500 ? (error as Error).message : 'The carrier lab failed; its log says why.';
    host
      .switchToHttp()
      .getResponse<ProblemReply>()
      .status(status)
      .header('content-type', 'application/problem+json')
      .send(JSON.stringify({ title: STATUS_CODES[status], status, detail }));
  }
}

/** Fastify's own errors (unreadable JSON, too large) carry their status. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return (error as { statusCode?: number } | null)?.statusCode ?? 500;
}

/** One sentence for all that is wrong with a request. */
export const problemOf = (errors: ValidationError[]) =>
  new BadRequestException(errors.flatMap(({ constraints }) => Object.values(constraints ?? {})).join('; '));
