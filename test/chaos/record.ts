/** One request for a code, as the client saw it. Times are epoch milliseconds. */
export interface Request {
  readonly to: string;
  readonly askedAt: number;
  answeredAt?: number;
  /** HTTP status; 0 while, or where, no answer came. */
  status: number;
  /** Of the verification, where one was named. */
  id?: string;
  /** Of the event, where a test published it by itself. */
  messageId?: string;
}

/** One text that the company took, as the company saw it. */
export interface Text {
  readonly to: string;
  readonly at: number;
  readonly text: string;
}

/** Where a text that was promised has ended, as its timeline and the dead and parked queues say. */
export type End = 'accepted' | 'expired' | 'dead' | 'parked' | 'unknown';

export const isPromised = ({ status }: Request): boolean => status >= 200 && status < 300;
