import type { SmsSend } from '@app/common';

/** The clocks of gateway and worker may differ by this much. */
const CLOCK_TOLERANCE_MS = 2000;

/** The code has died: its text is worthless. */
export const isExpired = ({ expiresAt }: SmsSend, now: Date): boolean =>
  now.getTime() > Date.parse(expiresAt) + CLOCK_TOLERANCE_MS;
