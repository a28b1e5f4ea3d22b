import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { invalidRequest } from './request-validation.js';

/** On a query's member: how many items a page has at most, 1 to 200. */
export const PageLimit = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    Type(() => Number),
    IsInt(),
    Min(1),
    Max(200),
  );

/** On a query's member: the `cursor` of the page before. */
export const PageCursor = (): PropertyDecorator => applyDecorators(IsOptional(), Matches(/^[A-Za-z0-9_-]{1,200}$/));

/** By what a list is ordered: epoch milliseconds, and among equals an id. */
export interface PageKey {
  readonly at: number;
  readonly id: string;
}

/** Negative where the first comes before the second. */
export const compareKeys = (a: PageKey, b: PageKey): number => a.at - b.at || (a.id < b.id ? -1 : Number(a.id > b.id));

/** Opaque to callers. It names the last item shown and not a position: what comes and goes meanwhile shifts nothing. */
export const cursorOf = ({ at, id }: PageKey): string => Buffer.from(`${at} ${id}`).toString('base64url');

/** @throws Problem 422 for a cursor that is not ours: who goes on from the beginning by mistake goes on for ever. */
export function keyIn(cursor: string): PageKey {
  const [, at, id] = /^(\d{1,16}) (.*)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined)
    throw invalidRequest([{ pointer: '/cursor', detail: 'must be the cursor of the page before' }]);
  return { at: Number(at), id };
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Asks for the next page; null where there is none. */
  readonly cursor: string | null;
}

/** One page of what is ordered by its keys. For lists that are in memory as a whole; a store pages by `keyIn` itself. */
export function pageOf<T>(
  all: readonly T[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  keyOf: (item: T) => PageKey,
): Page<T> {
  const shown = cursor === undefined ? undefined : keyIn(cursor);
  const rest = shown ? all.filter((item) => compareKeys(keyOf(item), shown) > 0) : all;
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, cursor: last !== undefined && items.length < rest.length ? cursorOf(keyOf(last)) : null };
}
