import { Problem } from '@app/common';

export const keyMissing = () =>
  new Problem({
    status: 400,
    code: 'idempotency_key_missing',
    title: 'Idempotency-Key is missing',
    detail: 'This request needs the header Idempotency-Key, with a value of its own such as a UUID.',
  });

export const keyInvalid = () =>
  new Problem({
    status: 400,
    code: 'idempotency_key_invalid',
    title: 'Idempotency-Key cannot be read',
    detail: 'Send one Idempotency-Key of 1 to 255 printable ASCII characters, without spaces unless it is in quotes.',
  });

export const keyReused = () =>
  new Problem({
    status: 422,
    code: 'idempotency_key_reused',
    title: 'Idempotency-Key was used before',
    detail: 'This Idempotency-Key belongs to another request. Every new request needs a new one.',
  });

export const inProgress = () =>
  new Problem({
    status: 409,
    code: 'idempotency_key_in_progress',
    title: 'Request is being served',
    detail: 'The first request with this Idempotency-Key has no answer yet. Send the same again in a second.',
    retryAfter: 1,
  });
