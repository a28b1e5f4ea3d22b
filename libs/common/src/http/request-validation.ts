import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { Problem } from './problem.js';

/** One member of a request that does not fit. */
export interface InvalidMember {
  /** JSON pointer (RFC 6901) into the body. */
  readonly pointer: string;
  readonly detail: string;
}

/** Reads bodies as their class-validator class; what the class does not know is refused by name. */
export const requestValidation = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    exceptionFactory: (errors) => invalidRequest(errors.flatMap((error) => membersOf(error))),
  });

export function invalidRequest(errors: readonly InvalidMember[]): Problem {
  const names = errors.map(({ pointer }) => pointer.slice(1)).filter(Boolean);
  return new Problem({
    status: 422,
    code: 'invalid_request',
    title: 'Invalid request',
    detail: names.length > 0 ? `These members need attention: ${names.join(', ')}.` : 'The body must be a JSON object.',
    errors,
  });
}

function membersOf({ property, constraints, children }: ValidationError, parent = ''): InvalidMember[] {
  // Without a property the body itself is no object.
  const pointer = property === undefined ? parent : `${parent}/${escaped(property)}`;
  const own = constraints
    ? [
        {
          pointer,
          detail: constraints.whitelistValidation ? 'is not known here' : Object.values(constraints).join('; '),
        },
      ]
    : [];
  return [...own, ...(children ?? []).flatMap((child) => membersOf(child, pointer))];
}

const escaped = (property: string): string => property.replaceAll('~', '~0').replaceAll('/', '~1');
