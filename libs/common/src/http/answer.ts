import { Problem, PROBLEM_JSON, problemBody } from './problem.js';

/** What is used of Fastify's request and reply. */
export interface HttpRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
}
export interface HttpReply {
  status(code: number): HttpReply;
  headers(headers: Record<string, string>): HttpReply;
  send(body: string): unknown;
}

export const pathOf = ({ url }: HttpRequest): string => url.split('?', 1)[0] ?? url;

export function answer({ details, headers }: Problem, request: HttpRequest, reply: HttpReply): void {
  reply
    .status(details.status)
    .headers({
      'content-type': PROBLEM_JSON,
      'x-request-id': request.id,
      ...(details.retryAfter && { 'retry-after': String(details.retryAfter) }),
      ...headers,
    })
    .send(JSON.stringify(problemBody(details, pathOf(request), request.id)));
}
