import type { AccessSettings } from './access.config.js';

const A_DAY_SECONDS = 86_400;

/** What pages of the listed origins may do. Keys travel in a header and never as cookies, so no credentials. */
export const corsOf = ({ corsOrigins }: AccessSettings) => ({
  origin: corsOrigins,
  methods: ['GET', 'POST'],
  allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-request-id'],
  exposedHeaders: ['location', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
  credentials: false,
  maxAge: A_DAY_SECONDS,
});
