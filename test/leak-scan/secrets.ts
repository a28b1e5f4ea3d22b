/** What nobody may find, and what kind of thing it is; a report names the kind only. */
export interface Secret {
  readonly kind: 'code' | 'number' | 'credential';
  readonly value: string | Buffer;
}

/** One way in which a secret may stand in a file. */
export interface Form {
  readonly kind: Secret['kind'];
  readonly form: string;
  readonly bytes: Buffer;
}

/** The bytes of a secret as they are, in base64 (wherever in it they begin), base64url, hex, URL-encoded and in JSON. */
export function formsOf({ kind, value }: Secret): Form[] {
  const raw = Buffer.from(value);
  const text = raw.toString('utf8');
  const forms: [form: string, bytes: string | Buffer][] = [
    ['raw', raw],
    ['hex', raw.toString('hex')],
    ['hex', raw.toString('hex').toUpperCase()],
  ];
  for (const alignment of [0, 1, 2]) {
    for (const encoding of ['base64', 'base64url'] as const) forms.push([encoding, insideOf(raw, alignment, encoding)]);
  }
  if (typeof value === 'string') {
    forms.push(['url-encoded', encodeURIComponent(text)], ['json', JSON.stringify(text).slice(1, -1)]);
  }
  const seen = new Set<string>();
  return forms
    .map(([form, bytes]) => ({ kind, form, bytes: Buffer.from(bytes) }))
    .filter(({ bytes }) => !seen.has(bytes.toString('latin1')) && seen.add(bytes.toString('latin1')));
}

/** The characters of base64 that these bytes alone decide, where so many bytes of something else stand before them. */
function insideOf(raw: Buffer, alignment: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(alignment), raw, Buffer.alloc(2)]).toString(encoding);
  return text.slice(Math.ceil((alignment * 8) / 6), Math.floor(((alignment + raw.length) * 8) / 6));
}
