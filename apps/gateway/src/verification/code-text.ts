import { SmsSend, type Sealer } from '@app/common';
import type { Send } from '../delivery/send.js';
import type { Verification } from './verification.js';

/** The event that asks for one text. Number and code are sealed for this message: no other text can carry them. */
export function codeText(
  { id, purpose, template, locale, routes }: Verification,
  { messageId, queuedAt, expiresAt }: Send,
  { code, to }: { code: string; to: string },
  sealer: Sealer,
): SmsSend {
  return Object.assign(new SmsSend(), {
    messageId,
    verificationId: id,
    to: sealer.seal(to, { messageId, field: 'to' }),
    purpose,
    template,
    locale,
    ...(routes !== undefined && { routes }),
    params: {
      code: sealer.seal(code, { messageId, field: 'code', to }),
      minutes: String(Math.ceil((expiresAt - queuedAt) / 60_000)),
    },
    expiresAt: new Date(expiresAt).toISOString(),
  });
}
