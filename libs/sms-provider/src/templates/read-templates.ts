import { TEMPLATES, type Template } from '@app/common';
import { languageOf } from './locale.js';
import {
  BUILT_IN_TEMPLATES,
  DO_NOT_SHARE,
  TEMPLATE_PARAMS,
  type ApprovedText,
  type LocalText,
  type MessageTemplate,
  type MessageTemplates,
} from './message-template.js';

/** The templates, or everything that is wrong with them: one sentence each, which begins with a JSON pointer (RFC 6901). */
export type TemplatesRead = { readonly templates: MessageTemplates } | { readonly problems: readonly string[] };

const LOCALE = /^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$/;
const SIGNATURE = /^[^\s【】[\]{}](?:[^\r\n【】[\]{}]{0,30}[^\s【】[\]{}])?$/;
const HOST = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const APP_HASH = /^[A-Za-z0-9+/]{11}$/;
const TEMPLATE_ID = /^\S{1,64}$/;

/** Reads a templates file. A template that it does not name stays as built in; a key that nobody knows is a problem. */
export function readTemplates(json: string, providerNames: readonly string[]): TemplatesRead {
  let file: unknown;
  try {
    file = JSON.parse(json);
  } catch (error) {
    return { problems: [`the file: it is not JSON: ${(error as Error).message}`] };
  }
  const reader = new Reader(providerNames);
  const entries = reader.record(file, '', TEMPLATES);
  const read = entries.map(([name, value]) => [name, reader.template(value, `/${name}`, name as Template)] as const);
  if (reader.problems.length > 0) return { problems: reader.problems };
  return { templates: { ...BUILT_IN_TEMPLATES, ...(Object.fromEntries(read) as Partial<MessageTemplates>) } };
}

/** Walks the file, notes what is wrong, and goes on: what it gives counts only where nothing was. */
class Reader {
  readonly problems: string[] = [];

  constructor(private readonly providerNames: readonly string[]) {}

  template(value: unknown, at: string, name: Template): MessageTemplate {
    const entries = this.record(value, at, ['default', 'locales']);
    const fields = Object.fromEntries(entries);
    const locales = (entries.length === 0 ? [] : this.record(fields.locales, `${at}/locales`)).map(([locale, text]) => {
      const here = `${at}/locales/${pointer(locale)}`;
      if (!LOCALE.test(locale)) this.wrong(here, 'the name must be a language tag such as zh or zh-HK');
      return [locale, this.local(text, here, locale, TEMPLATE_PARAMS[name])] as const;
    });
    const standard = fields.default;
    const names = locales.map(([locale]) => locale);
    if (fields.locales !== undefined && !names.includes(standard as string))
      this.wrong(`${at}/default`, `it must be one of the locales: ${names.join(', ') || 'there is none'}`);
    return { default: standard as string, locales: Object.fromEntries(locales) };
  }

  private local(value: unknown, at: string, locale: string, params: readonly string[]): LocalText {
    const known = ['text', 'signature', 'doNotShare', 'webOtpHost', 'appHash', 'providers'];
    const fields = Object.fromEntries(this.record(value, at, known));
    this.text(fields.text, `${at}/text`, params);
    const { doNotShare } = fields;
    if (doNotShare !== undefined && typeof doNotShare !== 'boolean')
      this.wrong(`${at}/doNotShare`, 'it must be true or false');
    if (doNotShare === true && !(languageOf(locale) in DO_NOT_SHARE))
      this.wrong(
        `${at}/doNotShare`,
        `there is a sentence for ${Object.keys(DO_NOT_SHARE).join(', ')} only: put it into the text`,
      );
    const providers = this.record(fields.providers ?? {}, `${at}/providers`, this.providerNames);
    if (fields.webOtpHost !== undefined && fields.appHash !== undefined)
      this.wrong(at, 'webOtpHost and appHash both want the end of the text: choose one');
    return {
      ...(fields as unknown as LocalText),
      ...this.optional(fields, 'signature', at, SIGNATURE, '1 to 32 characters without brackets'),
      ...this.optional(fields, 'webOtpHost', at, HOST, 'a host name such as example.com, in small letters'),
      ...this.optional(fields, 'appHash', at, APP_HASH, 'the 11 characters that otpost templates app-hash shows'),
      providers: Object.fromEntries(
        providers.map(([name, approved]) => [name, this.approved(approved, `${at}/providers/${name}`, params)]),
      ),
    };
  }

  private text(value: unknown, at: string, params: readonly string[]): void {
    if (typeof value !== 'string' || value.trim() !== value || value === '' || value.length > 500)
      return this.wrong(at, 'it must be a text of 1 to 500 characters, without spaces around it');
    const places = [...value.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);
    const unknown = places.filter((name) => !params.includes(name));
    if (unknown.length > 0)
      this.wrong(at, `{${unknown[0]}} is not known: it may hold ${params.map((name) => `{${name}}`).join(' and ')}`);
    if (/[{}]/.test(value.replace(/\{[^{}]*\}/g, ''))) this.wrong(at, 'it has a { or } without the other');
    else if (!places.includes('code')) this.wrong(at, 'it must hold {code}');
  }

  private approved(value: unknown, at: string, params: readonly string[]): ApprovedText {
    const fields = Object.fromEntries(this.record(value, at, ['id', 'signature', 'params']));
    if (fields.id === undefined) this.wrong(`${at}/id`, 'is missing: how the company calls the approved text');
    return {
      id: '',
      ...this.optional(fields, 'id', at, TEMPLATE_ID, 'the id of a text that the company has approved, as a text'),
      ...this.optional(fields, 'signature', at, SIGNATURE, '1 to 32 characters without brackets'),
      ...(fields.params === undefined ? {} : { params: this.params(fields.params, `${at}/params`, params) }),
    };
  }

  /** `["code", "minutes"]` for companies that count, `{"their name": "code"}` for those that name. */
  private params(value: unknown, at: string, known: readonly string[]) {
    const list = Array.isArray(value)
      ? value.map((param: unknown) => [String(param), param] as const)
      : this.record(value, at);
    return list.map(([name, param]) => {
      if (typeof param !== 'string' || !known.includes(param))
        this.wrong(`${at}/${pointer(name)}`, `it must be one of: ${known.join(', ')}`);
      return { name, param: param as string };
    });
  }

  private optional(fields: Record<string, unknown>, name: string, at: string, pattern: RegExp, what: string) {
    const value = fields[name];
    if (value === undefined) return {};
    if (typeof value !== 'string' || !pattern.test(value)) this.wrong(`${at}/${name}`, `it must be ${what}`);
    return { [name]: value };
  }

  /** The entries of an object; none where it is no object. `known`: the only keys that it may have. */
  record(value: unknown, at: string, known?: readonly string[]): [name: string, value: unknown][] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.wrong(at, value === undefined ? 'is missing' : 'it must be an object');
      return [];
    }
    const entries = Object.entries(value);
    for (const [name] of entries)
      if (known && !known.includes(name))
        this.wrong(`${at}/${pointer(name)}`, `is not known; known: ${known.join(', ')}`);
    return known ? entries.filter(([name]) => known.includes(name)) : entries;
  }

  private wrong(at: string, what: string): void {
    this.problems.push(`${at || 'the file'}: ${what}`);
  }
}

const pointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
