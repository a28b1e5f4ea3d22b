/** What a browser reads of a text, by https://wicg.github.io/sms-one-time-codes/ (origin-bound one-time codes). */
export interface OriginBoundCode {
  readonly host: string;
  readonly code: string;
  /** The host of a frame in a page of `host`. */
  readonly embedded: string | null;
}

export const webOtpLine = (host: string, code: string): string => `@${host} #${code}`;

/** Only the last line counts: host first, nothing before it, one space; what follows code and embedded host is ignored. */
export function readOriginBoundCode(text: string): OriginBoundCode | null {
  const line = text.split(/\r\n|\n|\r/).at(-1)!;
  const [, host, code, embedded = null] = /^@([^\s@#]+) #([^\s#]+)(?: @([^\s@#]+))?(?: .*)?$/.exec(line) ?? [];
  return host === undefined || code === undefined ? null : { host, code, embedded };
}
