import { ValidateBy, type ValidationOptions } from 'class-validator';

/** A key of a list that rotates: what it makes says by the id which key that was. */
export interface NamedKey {
  readonly id: string;
  readonly key: Buffer;
}

const NAMED_KEY = /^[a-z0-9-]{1,16}:[A-Za-z0-9+/]{43}=$/;

/** Of a list that `IsKeyList` accepts, in its order. */
export const readKeyList = (texts: readonly string[]): NamedKey[] =>
  texts.map((text) => {
    const colon = text.indexOf(':');
    return { id: text.slice(0, colon), key: Buffer.from(text.slice(colon + 1), 'base64') };
  });

/** One or several `id:base64 of 32 bytes`, each id and each key once. */
export const IsKeyList = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isKeyList',
      validator: {
        validate: (texts) => Array.isArray(texts) && whatIsWrong(texts as string[]) === undefined,
        defaultMessage: (args) => whatIsWrong((args?.value ?? []) as string[]) ?? '',
      },
    },
    options,
  );

function whatIsWrong(texts: readonly string[]): string | undefined {
  if (texts.length === 0 || !texts.every((text) => NAMED_KEY.test(text)))
    return 'each entry must be id:base64 of 32 bytes (openssl rand -base64 32), the id of a-z, 0-9 and -, 16 at most';
  const keys = readKeyList(texts);
  const twice = keys.find(({ id }, n) => keys.findIndex((other) => other.id === id) < n);
  if (twice) return `the id ${twice.id} is there twice: give each entry an id that was never used before`;
  const copy = keys.find(({ key }, n) => keys.findIndex((other) => other.key.equals(key)) < n);
  return copy && `${copy.id} has the bytes of another entry: make new ones with openssl rand -base64 32`;
}
