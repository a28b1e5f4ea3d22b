import type { Template } from '@app/common';

/** What is said under one key, in every language that it is said in. */
export interface MessageTemplate {
  /** The locale for everybody whom no other one serves. */
  readonly default: string;
  readonly locales: Readonly<Record<string, LocalText>>;
}

/** What is said in one language, and how each company with approved texts knows it. */
export interface LocalText {
  /** For companies that take any text: `{code}` once, `{minutes}` at will; no signature in it. */
  readonly text: string;
  /** Who texts, as registered with the carriers and without brackets: 【…】 before Chinese texts, […] before others. */
  readonly signature?: string;
  /** Ends the text with a sentence against handing the code on. */
  readonly doNotShare?: boolean;
  /** Ends the text with the line by which a browser on this host fills in the code (WebOTP). */
  readonly webOtpHost?: string;
  /** Ends the text with this hash of an Android app, which may then read it (SMS Retriever). */
  readonly appHash?: string;
  readonly providers: Readonly<Record<string, ApprovedText>>;
}

/** A text that a company has approved. */
export interface ApprovedText {
  readonly id: string;
  /** Where this company has another one registered. */
  readonly signature?: string;
  /** What fills it: the company's name for each param, in its order, and ours. Without it, as the provider says. */
  readonly params?: readonly { readonly name: string; readonly param: string }[];
}

export type MessageTemplates = Readonly<Record<Template, MessageTemplate>>;

/** What fills each template. */
export const TEMPLATE_PARAMS: Readonly<Record<Template, readonly string[]>> = {
  'verification-code': ['code', 'minutes'],
};

/** What is said without a templates file. */
export const BUILT_IN_TEMPLATES: MessageTemplates = {
  'verification-code': {
    default: 'en',
    locales: {
      zh: { text: '您的验证码是{code}，{minutes}分钟内有效。', doNotShare: true, providers: {} },
      en: { text: 'Your verification code is {code}. It is valid for {minutes} min.', doNotShare: true, providers: {} },
    },
  },
};

/** The sentence of `doNotShare`, by language. */
export const DO_NOT_SHARE: Readonly<Record<string, string>> = {
  zh: '请勿泄露给他人。',
  en: ' Do not share it with anyone.',
};
