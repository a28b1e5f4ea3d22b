import { Injectable } from '@nestjs/common';

/** What a fault may say of a text, in words that every company has a code for. */
export const REASONS = ['busy', 'invalid-number', 'too-soon', 'no-balance'] as const;
export type Reason = (typeof REASONS)[number];

/** `before`: the text is not taken; `after`: it is, and only the answer fails. */
export type Moment = 'before' | 'after';

/** How the make-believe company misbehaves; nothing set means that it works. */
export interface Fault {
  readonly latencyMs?: number;
  readonly hang?: Moment;
  readonly cut?: Moment;
}

@Injectable()
export class Faults {
  faultFor(_to: string | undefined): Fault {
    return {};
  }

  refusalOf(_to: string, _text: string): string | undefined {
    return undefined;
  }
}
