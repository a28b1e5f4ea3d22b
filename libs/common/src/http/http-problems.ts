import type { ProblemDetails } from './problem.js';

type Plain = Pick<ProblemDetails, 'code' | 'title' | 'detail'>;

/** What Nest, Fastify and Node refuse before our code sees it. Their own messages may repeat what was sent, so none is passed on. */
const PROBLEMS: Readonly<Record<number, Plain>> = {
  400: {
    code: 'invalid_request',
    title: 'Invalid request',
    detail:
      'The request cannot be read: its body must be valid JSON of whole characters, its path valid percent-encoding.',
  },
  404: { code: 'not_found', title: 'Not found', detail: 'There is nothing at this address.' },
  405: { code: 'method_not_allowed', title: 'Method not allowed', detail: 'This address does not know the method.' },
  408: { code: 'request_timeout', title: 'Request timeout', detail: 'The request took too long to arrive.' },
  413: { code: 'body_too_large', title: 'Body too large', detail: 'The body is larger than this service reads.' },
  414: { code: 'path_too_long', title: 'Path too long', detail: 'A part of the path is longer than any that exists.' },
  415: {
    code: 'unsupported_media_type',
    title: 'Unsupported media type',
    detail: 'Send the body as application/json.',
  },
  431: {
    code: 'headers_too_large',
    title: 'Headers too large',
    detail: 'The headers are larger than this service reads.',
  },
  500: {
    code: 'internal_error',
    title: 'Internal error',
    detail: 'Something went wrong here. The request id finds it in our log.',
  },
};

export function httpProblem(status: number): ProblemDetails {
  const known = PROBLEMS[status] ?? (status < 500 ? PROBLEMS[400] : PROBLEMS[500]);
  return { status, ...(known as Plain) };
}
