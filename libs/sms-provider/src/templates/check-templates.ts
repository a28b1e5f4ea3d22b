import type { SmsContent, SmsProvider } from '../sms-provider.js';
import type { SmsTemplates } from './sms-templates.js';

/**
 * What cannot work, whatever is sent: every template in every locale, with codes of this length, at every company of the
 * route. A company that has no text at all is of no use; a text that nobody on the route has would never arrive; and what
 * a company's rules forbid would be refused each time. One sentence each.
 */
export function templateProblems(
  providers: readonly SmsProvider[],
  templates: SmsTemplates,
  codeLength: number,
): string[] {
  const samples = samplesOf(templates, codeLength);
  const tried = providers.flatMap((provider) =>
    samples.map((sample) => ({ provider, sample, obstacle: templates.obstacle(provider, sample) })),
  );
  const without = tried.filter(({ obstacle }) => obstacle?.kind === 'no-template');
  const idle = providers.filter((provider) => count(without, 'provider', provider) === samples.length);
  const unsaid = samples.filter((sample) => count(without, 'sample', sample) === providers.length);
  return [
    ...new Set([
      ...tried.flatMap(({ obstacle }) =>
        obstacle && obstacle.kind !== 'no-template' ? [obstacle.sentence + REMEDIES[obstacle.kind]] : [],
      ),
      ...idle.map(({ name }) => `${name} has no approved text at all${REMEDY_OF_IDS(name)}`),
      ...unsaid.map(
        ({ template, locale }) =>
          `no company on the route has an approved text for ${template} in ${locale}: name an id in its settings or in SMS_TEMPLATES`,
      ),
    ]),
  ];
}

/**
 * S35: last lines for browsers and apps that no company on any route can carry, since none takes any text. One sentence
 * each.
 */
export function neverSent(providers: readonly SmsProvider[], { templates }: SmsTemplates): string[] {
  if (!providers.every(({ capabilities }) => capabilities.approvedTexts)) return [];
  return Object.entries(templates).flatMap(([template, { locales }]) =>
    Object.entries(locales).flatMap(([locale, { webOtpHost, appHash }]) => {
      const fields = Object.entries({ webOtpHost, appHash }).filter(([, value]) => value !== undefined);
      return fields.map(
        ([field]) =>
          `no company takes any text, so the last line of ${template} in ${locale} is never sent: take ${field} out of SMS_TEMPLATES`,
      );
    }),
  );
}

/** Every text that can be asked for, once. */
export const samplesOf = ({ templates }: SmsTemplates, codeLength: number): SmsContent[] =>
  Object.entries(templates).flatMap(([template, { locales }]) =>
    Object.keys(locales).map((locale) => ({
      to: '',
      template,
      locale,
      params: { code: '0'.repeat(codeLength), minutes: '10' },
    })),
  );

const REMEDIES = {
  code: ': set CODE_LENGTH to that, or take the company off SMS_PROVIDERS',
  params: ': name the one that is left in params of SMS_TEMPLATES',
  signature: ': set SMS_SIGNATURE, or signature in SMS_TEMPLATES',
} as const;
const REMEDY_OF_IDS = (name: string) =>
  `: name ids in SMS_${name.toUpperCase().replaceAll('-', '_')}_TEMPLATES, or under providers in SMS_TEMPLATES`;

const count = <K extends string, V>(rows: readonly Readonly<Record<K, V>>[], key: K, value: V): number =>
  rows.filter((row) => row[key] === value).length;
