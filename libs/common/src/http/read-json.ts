import { isDeeperThan } from '../contracts/json-depth.js';

/** No body of ours is nested deeper; what is could exhaust the stack of whoever walks through it. */
const MAX_DEPTH = 32;

/**
 * An empty body is none: clients send the content type with every POST. `__proto__` is left out wherever it stands.
 * @throws SyntaxError where the text is no JSON, or nested deeper than 32.
 */
export function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (isDeeperThan(MAX_DEPTH, text)) throw new SyntaxError('nested too deep');
  return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value));
}
