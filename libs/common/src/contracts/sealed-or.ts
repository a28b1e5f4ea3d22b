import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isSealed } from '../sealing/sealed.js';

/** A sealed value, or a plain one that matches the pattern. Whether plain ones are welcome is the handler's question. */
export const IsSealedOr = (pattern: RegExp, options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isSealedOr',
      validator: {
        validate: (value) => typeof value === 'string' && (isSealed(value) || pattern.test(value)),
        defaultMessage: (args) => `${args?.property} is neither sealed nor ${pattern}`,
      },
    },
    options,
  );
