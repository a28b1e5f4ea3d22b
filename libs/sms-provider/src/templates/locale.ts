/**
 * The first of `known` that serves a locale, by RFC 4647 §3.4 (lookup): `zh-Hant-HK`, then `zh-Hant`, then `zh`. Upper and
 * lower case are the same. Undefined: none does, and the caller's default is due.
 */
export function lookUpLocale(locale: string, known: Iterable<string>): string | undefined {
  const names = new Map([...known].map((name) => [name.toLowerCase(), name]));
  for (let range = locale.toLowerCase(); range !== ''; range = range.replace(/(^|-)[^-]*$/, '')) {
    const name = names.get(range);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** `zh` of `zh-Hant-HK`. */
export const languageOf = (locale: string): string => locale.toLowerCase().replace(/-.*$/, '');
