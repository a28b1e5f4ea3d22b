import 'reflect-metadata';

/** A class that describes the data of one event. */
export type Contract<T extends object = object> = new () => T;

const PATTERN = Symbol('otpost:pattern');

/** Declares the pattern (routing key) of the event that a class describes. */
export const Event =
  (pattern: string): ClassDecorator =>
  (contract) =>
    Reflect.defineMetadata(PATTERN, pattern, contract);

/** The pattern of a contract; a class without `@Event` is a programming error. */
export function patternOf(contract: Contract): string {
  const pattern = Reflect.getOwnMetadata(PATTERN, contract) as string | undefined;
  if (pattern === undefined) throw new Error(`${contract.name} has no @Event('pattern')`);
  return pattern;
}
