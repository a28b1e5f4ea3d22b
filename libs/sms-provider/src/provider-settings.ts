import { TEMPLATES } from '@app/common';
import { Matches } from 'class-validator';

/** Where a company listens: a request shows the code and credentials. */
export const IsCompanyUrl = (): PropertyDecorator =>
  Matches(/^(https:\/\/[^\s/?#@]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(\/[^\s?#]*)?$/, {
    message: 'it must be an https URL, or http on loopback',
  });

/** A list of `name=id` or `name:locale=id`; `id` is the pattern of the company's ids, `words` what they are. */
export const IsTemplateIds = (id: RegExp, words: string): PropertyDecorator =>
  Matches(new RegExp(`^(${TEMPLATES.join('|')})(:[A-Za-z0-9-]+)?=${id.source}$`), {
    each: true,
    message: `it must list name=id or name:locale=id with ${words} as id; names: ${TEMPLATES.join(', ')}`,
  });

/** Ids by `name` or `name:locale`, from such a list. */
export const templateIds = (entries: readonly string[]): ReadonlyMap<string, string> =>
  new Map(entries.map((entry) => entry.split('=') as [string, string]));
