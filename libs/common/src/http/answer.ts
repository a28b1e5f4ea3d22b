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

/** Ids of ours and UUIDs, or too few digits to be anything. */
const HARMLESS = /^(?:[a-z]+_[0-9a-f]{24,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\D*(?:\d\D*){0,3})$/i;

/** As it may be shown and logged: callers put numbers and codes into paths by mistake. */
export const shownPathOf = (request: HttpRequest): string =>
  pathOf(request)
    .split('/')
    .map((segment) => (HARMLESS.test(segment) ? segment : '****'))
    .join('/');

export function answer({ details, headers }: Problem, request: HttpRequest, reply: HttpReply): void {
  reply
    .status(details.status)
    .headers({
      'content-type': PROBLEM_JSON,
      'x-request-id': request.id,
      ...(details.retryAfter && { 'retry-after': String(details.retryAfter) }),
      ...headers,
    })
    .send(JSON.stringify(problemBody(details, shownPathOf(request), request.id)));
}
