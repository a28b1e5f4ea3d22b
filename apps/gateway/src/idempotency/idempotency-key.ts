/** An sf-string (RFC 9651 §3.3.3), as the draft has it: printable ASCII in quotes. */
const QUOTED = /^ *"((?:[ !#-[\]-~]|\\["\\])*)" *$/;
/** As nearly everybody sends it. */
const BARE = /^[!#-+\--~]+$/;
const MAX_LENGTH = 255;

/**
 * The key that an `Idempotency-Key` header means, 1 to 255 characters, with or without the quotes of the draft
 * (draft-ietf-httpapi-idempotency-key-header-07 §2.1). Undefined where the header is none, or several.
 */
export function readIdempotencyKey(header: string): string | undefined {
  const quoted = QUOTED.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1');
  const key = quoted ?? (BARE.test(header) ? header : undefined);
  return key !== undefined && key.length > 0 && key.length <= MAX_LENGTH ? key : undefined;
}
