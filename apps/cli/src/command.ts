import type { Environment } from '@app/common';
import type { ParseArgsConfig } from 'node:util';

/** How `otpost` ends; documented in docs/cli.md. */
export const EXIT = {
  done: 0,
  /** It could not be done; the sentence on standard error says why. */
  failed: 1,
  /** It was called wrongly. */
  usage: 2,
  /** It was done, and what it looked at is not as it should be, or a part was left out. */
  attention: 3,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export interface Terminal {
  /** A result: standard output. */
  print(text: string): void;
  /** Progress, warnings, errors: standard error. */
  tell(text: string): void;
  /** A line from whoever sits there; '' when nobody does. */
  ask(question: string): Promise<string>;
}

export type Options = NonNullable<ParseArgsConfig['options']>;
export type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface Call {
  readonly values: Values;
  readonly words: readonly string[];
  readonly environment: Environment;
  readonly terminal: Terminal;
}

/** One thing `otpost` can do; `commands.ts` lists them. */
export interface Command {
  /** As it is typed: `topology check`. */
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  /** One line for `otpost help`. */
  readonly about: string;
  readonly options?: Options;
  /** How many words may follow the name. */
  readonly words?: number;
  run(call: Call): Promise<Exit>;
}

/** The call itself is wrong: exit code 2. */
export class UsageError extends Error {}

/** It cannot be done, for a reason that the message tells: exit code 1. */
export class CommandFailed extends Error {}
