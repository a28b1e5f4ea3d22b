import { ValidateBy } from 'class-validator';

const MAX_KEYS = 16;
const MAX_KEY_LENGTH = 40;
const MAX_VALUE_LENGTH = 256;

/** What `IsSmallMap` accepts, as JSON Schema. */
export const SMALL_MAP_SCHEMA = {
  type: 'object',
  maxProperties: MAX_KEYS,
  propertyNames: { minLength: 1, maxLength: MAX_KEY_LENGTH },
  additionalProperties: { type: 'string', maxLength: MAX_VALUE_LENGTH },
};

/** A flat JSON object of short texts. */
export const IsSmallMap = (): PropertyDecorator =>
  ValidateBy({
    name: 'isSmallMap',
    validator: {
      validate: isSmallMap,
      defaultMessage: () =>
        `metadata must be an object of at most ${MAX_KEYS} texts of at most ${MAX_VALUE_LENGTH} characters, with keys of at most ${MAX_KEY_LENGTH}`,
    },
  });

function isSmallMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_KEYS &&
    entries.every(
      ([key, text]) =>
        key.length > 0 && key.length <= MAX_KEY_LENGTH && typeof text === 'string' && text.length <= MAX_VALUE_LENGTH,
    )
  );
}
