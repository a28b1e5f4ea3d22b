/** What an error tells its caller, as RFC 9457 has it; further members come beside these. */
export interface ProblemDetails {
  readonly status: number;
  /** Stable, snake_case: what programs compare. */
  readonly code: string;
  /** The same for every problem with this code. */
  readonly title: string;
  /** What happened this time and what to do. Holds no number, no code, no secret. */
  readonly detail: string;
  /** Absolute URI; by default made from the code. */
  readonly type?: string;
  /** Whole seconds, at least 1; also sent as the header `Retry-After`. */
  readonly retryAfter?: number;
  readonly [member: string]: unknown;
}

/** Thrown where a request cannot be served as asked; `ProblemFilter` answers with it. */
export class Problem extends Error {
  constructor(
    readonly details: ProblemDetails,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(details.detail);
  }
}

export const PROBLEM_JSON = 'application/problem+json';

/** Whole seconds until then, rounded up and never 0: who comes back after them is not too early. */
export const secondsUntil = (moment: number, now: Date): number =>
  Math.max(1, Math.ceil((moment - now.getTime()) / 1000));

/** The body of the answer. `instance` is the path that was asked for; by `requestId` our log finds the request. */
export const problemBody = (details: ProblemDetails, instance: string, requestId: string): object => {
  const { status, code, title, detail, type = `urn:otpost:problem:${code}`, ...members } = details;
  return { type, title, status, detail, instance, code, ...members, requestId };
};

/** Too many requests for a limit. */
export const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';
/** Something that the service needs is away for the moment. */
const REDUCED_CAPACITY = 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity';

export const dependencyUnavailable = (
  detail: string,
  members: { retryAfter?: number; [member: string]: unknown } = {},
) =>
  new Problem({
    status: 503,
    code: 'dependency_unavailable',
    title: 'Temporarily unavailable',
    detail,
    type: REDUCED_CAPACITY,
    retryAfter: 5,
    ...members,
  });
