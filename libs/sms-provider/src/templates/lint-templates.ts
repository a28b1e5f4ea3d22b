import { smsLength } from '@app/common';
import type { SmsContent, SmsProvider } from '../sms-provider.js';
import { samplesOf, templateProblems } from './check-templates.js';
import { languageOf } from './locale.js';
import { DO_NOT_SHARE, type LocalText } from './message-template.js';
import { RETRIEVER_MAX_BYTES } from './sms-retriever.js';
import type { SmsTemplates } from './sms-templates.js';
import { readOriginBoundCode } from './web-otp.js';

/** Something about a text that a carrier, a company or a handset will not like. */
export interface Finding {
  readonly rule: Rule;
  /** '' where the route as a whole is meant. */
  readonly template: string;
  readonly locale: string;
  readonly sentence: string;
}

export type Rule =
  'web-otp' | 'sms-retriever' | 'one-segment' | 'do-not-share' | 'code-variable' | 'wording' | 'signature' | 'route';

/** What is known of the system that the texts are for. */
export interface LintContext {
  readonly templates: SmsTemplates;
  readonly codeLength: number;
  /** The route; empty where it is not known, and nothing is then said of it. */
  readonly providers: readonly SmsProvider[];
}

/** A company that takes any text, so that the text is seen whole. */
const ANY_TEXT: Pick<SmsProvider, 'name' | 'capabilities'> = { name: '', capabilities: { guardsDuplicates: false } };

interface Seen {
  readonly text: LocalText;
  readonly locale: string;
  /** As the handset shows it, with the longest params. */
  readonly shown: string;
  readonly signature?: string;
  readonly code: string;
  readonly providers: readonly SmsProvider[];
}

/** What one rule says against a text: sentences. */
const RULES: readonly [rule: Rule, (seen: Seen) => (string | false)[]][] = [
  ['web-otp', webOtp],
  ['sms-retriever', retriever],
  ['one-segment', oneSegment],
  ['do-not-share', doNotShare],
  [
    'code-variable',
    ({ text }) => [
      text.text.split('{code}').length > 2 && 'the code stands in it more than once: approved texts have it once',
    ],
  ],
  ['wording', wording],
  ['signature', signatures],
];

export function lintTemplates({ templates, codeLength, providers }: LintContext): Finding[] {
  const texts = samplesOf(templates, codeLength).flatMap((sample) => {
    const { template, locale } = sample;
    const seen = see(templates, sample, providers);
    return RULES.flatMap(([rule, complaints]) =>
      complaints(seen).flatMap((sentence) => (sentence === false ? [] : [{ rule, template, locale, sentence }])),
    );
  });
  const route = providers.length === 0 ? [] : templateProblems(providers, templates, codeLength);
  return [...texts, ...route.map((sentence) => ({ rule: 'route' as const, template: '', locale: '', sentence }))];
}

function see(templates: SmsTemplates, sample: SmsContent, providers: readonly SmsProvider[]): Seen {
  const { text: shown, signature } = templates.render(ANY_TEXT, sample);
  const { template, locale, params } = sample;
  const text = templates.textOf(template, locale);
  return { text, locale, shown, code: params.code!, providers, ...(signature === undefined ? {} : { signature }) };
}

/** The last line as https://wicg.github.io/sms-one-time-codes/ reads it, and only where it can be sent. */
function webOtp({ text: { text, webOtpHost }, shown, code, providers }: Seen): (string | false)[] {
  if (webOtpHost === undefined)
    return [
      /^@\S+ #/m.test(text) &&
        'a line for browsers belongs into webOtpHost: companies with approved texts must not get it',
    ];
  const read = readOriginBoundCode(shown);
  return [
    (read?.host !== webOtpHost || read.code !== code) && `browsers on ${webOtpHost} do not find the code in it`,
    nobodyTakesText(providers) && 'no company on the route takes any text, so the line for browsers is never sent',
  ];
}

function retriever({ text: { appHash }, shown, providers }: Seen): (string | false)[] {
  if (appHash === undefined) return [];
  const bytes = Buffer.byteLength(shown);
  return [
    bytes > RETRIEVER_MAX_BYTES && `it has ${bytes} bytes, and Android reads at most ${RETRIEVER_MAX_BYTES}`,
    nobodyTakesText(providers) && 'no company on the route takes any text, so the hash is never sent',
  ];
}

function oneSegment({ shown }: Seen): (string | false)[] {
  const { encoding, length, segments } = smsLength(shown);
  return [
    segments > 1 &&
      `it is billed as ${segments} texts: ${length} ${encoding === 'GSM-7' ? 'septets of 160' : 'UTF-16 units of 70'}`,
  ];
}

const SHARE = /泄露|告知他人|告诉他人|转发|not share|never share|n't share|not forward|not give/i;

function doNotShare({ text, locale }: Seen): (string | false)[] {
  const known = languageOf(locale) in DO_NOT_SHARE;
  return [
    known &&
      !text.doNotShare &&
      !SHARE.test(text.text) &&
      'nothing in it warns against handing the code on: doNotShare',
  ];
}

const PURPOSE = /登录|登陆|注册|绑定|验证身份|身份验证|找回|重置|修改|支付/;

/** What Chinese carriers and companies demand of verification texts; links and contacts are refused elsewhere too. */
function wording({ text: { text }, locale, signature }: Seen): (string | false)[] {
  const chinese = languageOf(locale) === 'zh';
  return [
    chinese && !/验证码|注册码|校验码|动态码/.test(text) && 'it must say 验证码, 注册码, 校验码 or 动态码',
    chinese &&
      signature === undefined &&
      !text.includes('{minutes}') &&
      !PURPOSE.test(text) &&
      'it must say who texts, what for, or how long the code works',
    /https?:|www\.|\b[a-z0-9-]{2,}\.(com|cn|net|org|io|me|cc|app|link|top)\b/i.test(text) && 'it must hold no link',
    /\d{7,}|\d{3,4}-\d{3,}|QQ|微信|wechat|\S@\S/i.test(text) && 'it must hold no telephone number or other contact',
    /[【】]/.test(text) && 'it must not hold 【 or 】: the signature is put before it',
    /拒收请?回复|回复?[TRN]+退订/i.test(text) && 'it must not offer to unsubscribe (拒收请回复R)',
  ];
}

/** Registered signatures; CCP (容联云通讯) takes up to 16 characters, Aliyun and Tencent Cloud up to 12. */
function signatures({ text, locale, signature, providers }: Seen): (string | false)[] {
  const chinese = languageOf(locale) === 'zh';
  const own = Object.entries(text.providers).flatMap(([name, approved]) =>
    approved.signature === undefined ? [] : [{ name, shown: approved.signature }],
  );
  const general = chinese && signature !== undefined ? [{ name: '', shown: signature }] : [];
  const takesText = providers.some(({ capabilities }) => !capabilities.approvedTexts);
  return [
    chinese &&
      takesText &&
      signature === undefined &&
      'a Chinese text must begin with the registered 【signature】: SMS_SIGNATURE, or signature in SMS_TEMPLATES',
    ...[...general, ...own].map(({ name, shown }) => {
      const longest = name === 'ccp' ? 16 : 12;
      const legal = new RegExp(`^(?!\\d+$)[\\u4e00-\\u9fffA-Za-z0-9]{2,${longest}}$`);
      return (
        !legal.test(shown) &&
        `the signature ${shown} must be 2 to ${longest} Chinese characters, letters or digits, and not digits alone`
      );
    }),
  ];
}

const nobodyTakesText = (providers: readonly SmsProvider[]): boolean =>
  providers.length > 0 && providers.every(({ capabilities }) => capabilities.approvedTexts);
