import { isDeeperThan } from '../contracts/json-depth.js';

/** No body of ours is nested deeper; what is could exhaust the stack of whoever walks through it. */
const MAX_DEPTH = 32;

/** A half of a surrogate pair is no character: UTF-8 cannot write it, and Redis cannot read it back (RFC 8259 §8.2). */
const HALF_CHARACTER = /\p{Cs}/u;

/**
 * An empty body is none: clients send the content type with every POST. `__proto__` is left out wherever it stands.
 * @throws SyntaxError where the text is no JSON, or nested deeper than 32, or holds half a surrogate pair in a key or a text.
 */
export function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (isDeeperThan(MAX_DEPTH, text)) throw new SyntaxError('nested too deep');
  return JSON.parse(text, (key, value: unknown) => {
    if (HALF_CHARACTER.test(key) || (typeof value === 'string' && HALF_CHARACTER.test(value)))
      throw new SyntaxError('half a surrogate pair');
    return key === '__proto__' ? undefined : value;
  });
}
