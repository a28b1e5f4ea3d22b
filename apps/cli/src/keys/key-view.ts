import type { Terminal, Values } from '../command.js';

/** A key as the gateway shows it; one of API_KEYS has the first four only. */
export interface KeyView {
  readonly id: string;
  readonly source: 'stored' | 'configured';
  readonly service: string;
  readonly scopes: readonly string[];
  readonly description?: string;
  readonly cidrs?: readonly string[];
  readonly createdAt?: string;
  readonly overlapEndsAt?: string | null;
  readonly expiresAt?: string | null;
  readonly lastUsedAt?: string | null;
}

/** The one time that its secret is shown. */
export type HandedKey = KeyView & { readonly key: string };

export function tellKey(made: HandedKey, values: Values, terminal: Terminal): void {
  terminal.print(values.json ? JSON.stringify(made, null, 2) : made.key);
  const overlap = made.overlapEndsAt ? ` The one before it works until ${made.overlapEndsAt}.` : '';
  terminal.tell(`This is the key, and the only time it is shown. Every gateway knows it now.${overlap}`);
}
