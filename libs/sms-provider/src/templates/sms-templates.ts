import type { Template } from '@app/common';
import type { RenderedSms, SmsContent, SmsProvider } from '../sms-provider.js';
import { languageOf, lookUpLocale } from './locale.js';
import { DO_NOT_SHARE, TEMPLATE_PARAMS, type LocalText, type MessageTemplates } from './message-template.js';
import { webOtpLine } from './web-otp.js';

/** What rendering needs to know of a company. */
type Company = Pick<SmsProvider, 'name' | 'capabilities'>;

/** Why a company cannot be given a text. */
export interface Obstacle {
  /** `no-template`: nobody has said how the company calls the text; the others are against the company's own rules. */
  readonly kind: 'no-template' | 'code' | 'params' | 'signature';
  /** For whoever configures it; holds no value of a text. */
  readonly sentence: string;
}

/**
 * What is said, in the words that each company takes.
 *
 * 1. The locale of a text is the template's that serves the wanted one: `zh-Hant-HK`, else `zh-Hant`, else `zh`, else the
 *    template's default.
 * 2. Where a company sends only approved texts, its id comes from the templates file for that locale, else from the
 *    company's own settings: looked up alike by the wanted locale, then the one without a locale, then by that of 1.
 * 3. Where it takes any text, the signature comes first, and a line for browsers or Android apps last.
 */
export class SmsTemplates {
  constructor(
    readonly templates: MessageTemplates,
    /** Where neither the template nor the company has its own. */
    private readonly signature?: string,
  ) {}

  carries(provider: Company, content: SmsContent): boolean {
    return this.obstacle(provider, content) === undefined;
  }

  /** What keeps this company from carrying it, the number aside. */
  obstacle(provider: Company, content: SmsContent): Obstacle | undefined {
    const { approvedTexts } = provider.capabilities;
    if (!approvedTexts) return undefined;
    const { maxParams = Infinity, code, needsSignature = false } = approvedTexts;
    const { templateId, params, signature } = this.render(provider, content);
    const of = `${content.template} in ${content.locale}`;
    const refuse = (kind: Obstacle['kind'], why: string) => ({ kind, sentence: `${provider.name} ${why}` });
    if (templateId === undefined) return refuse('no-template', `has no approved text for ${of}`);
    if (params.length > maxParams)
      return refuse('params', `allows ${maxParams} param in the approved text, and ${of} has ${params.length}`);
    if (code && !code.pattern.test(content.params.code ?? ''))
      return refuse('code', `takes codes of ${code.words} only`);
    if (needsSignature && signature === undefined) return refuse('signature', `needs a signature for ${of}`);
    return undefined;
  }

  render(provider: Company, content: SmsContent): RenderedSms {
    const locale = this.localeFor(content);
    const text = this.textOf(content.template, locale);
    const approved = text.providers[provider.name];
    const { approvedTexts } = provider.capabilities;
    const signature = approved?.signature ?? text.signature ?? this.signature;
    const templateId = approved?.id ?? idFor(content.template, [content.locale, locale], approvedTexts?.ids);
    const names = approvedTexts?.params ?? TEMPLATE_PARAMS[content.template as Template];
    const params = approved?.params ?? names.map((param) => ({ name: param, param }));
    const said = sign(say(text, locale, content.params), locale, signature);
    return {
      text: approvedTexts ? said : said + lastLine(text, content.params.code!),
      params: params.map(({ name, param }) => ({ name, value: content.params[param]! })),
      ...(signature === undefined ? {} : { signature }),
      ...(templateId === undefined ? {} : { templateId }),
    };
  }

  /** What the template says in this locale, which is one of its own. */
  textOf(template: string, locale: string): LocalText {
    return this.templates[template as Template].locales[locale]!;
  }

  private localeFor({ template, locale }: SmsContent): string {
    const { default: standard, locales } = this.templates[template as Template];
    return lookUpLocale(locale, Object.keys(locales)) ?? standard;
  }
}

/** The id for the first of these locales that has one; the wanted one may also have that without a locale. */
function idFor(template: string, [wanted, served]: [string, string], ids: ReadonlyMap<string, string> = new Map()) {
  const locales = [...ids.keys()]
    .filter((key) => key.startsWith(`${template}:`))
    .map((key) => key.slice(template.length + 1));
  const idIn = (locale: string) => ids.get(`${template}:${lookUpLocale(locale, locales)}`);
  return idIn(wanted) ?? ids.get(template) ?? idIn(served);
}

function say({ text, doNotShare }: LocalText, locale: string, params: SmsContent['params']): string {
  const filled = text.replace(/\{([^{}]*)\}/g, (_, name: string) => params[name]!);
  return doNotShare ? filled + DO_NOT_SHARE[languageOf(locale)]! : filled;
}

/** Old Android apps want `<#>` before everything. */
function sign(text: string, locale: string, signature: string | undefined): string {
  if (signature === undefined) return text;
  const shown = languageOf(locale) === 'zh' ? `【${signature}】` : `[${signature}] `;
  return text.replace(/^(<#> ?)?/, (start) => start + shown);
}

function lastLine({ webOtpHost, appHash }: LocalText, code: string): string {
  if (webOtpHost !== undefined) return `\n\n${webOtpLine(webOtpHost, code)}`;
  return appHash === undefined ? '' : `\n${appHash}`;
}
