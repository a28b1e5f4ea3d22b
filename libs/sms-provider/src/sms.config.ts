import {
  ArrayNotEmpty,
  ArrayUnique,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { Setting, SettingsError, settingText, type Environment, type RetryPolicy, type Sections } from '@app/common';
import { providerList } from './provider-list.js';
import { readRoutingPlan } from './routes/read-routing-plan.js';
import { companiesOf, planOf, type RoutingPlan } from './routes/routing-plan.js';
import { BUILT_IN_TEMPLATES } from './templates/message-template.js';
import { readTemplates } from './templates/read-templates.js';
import { SmsTemplates } from './templates/sms-templates.js';

const NAMES = providerList.map(({ name }) => name);
const TELLING = providerList.filter(({ receipts }) => receipts !== undefined).map(({ name }) => name);

const IsTemplates = () =>
  ValidateBy({
    name: 'isTemplates',
    validator: {
      validate: (value) => typeof value === 'string' && 'templates' in readTemplates(value, NAMES),
      defaultMessage: (failed) => {
        const read = readTemplates(String(failed?.value), NAMES);
        return 'problems' in read ? read.problems.join('; ') : '';
      },
    },
  });

/** How texts are sent, whichever company sends them. */
export class SmsSettings {
  @Setting({
    env: 'SMS_PROVIDERS',
    about: `One route for every text: which companies are asked, in this order. Known: ${NAMES.join(', ')}. SMS_ROUTES_FILE takes its place.`,
    example: 'ccp',
    optional: true,
  })
  @ValidateIf(({ routesFile }: SmsSettings) => routesFile === undefined)
  @ArrayNotEmpty()
  @ArrayUnique({ message: 'it must name each company once' })
  @IsIn(NAMES, { each: true, message: `it must list some of: ${NAMES.join(', ')}` })
  providers: string[] = [];

  @Setting({
    env: 'SMS_ROUTES_FILE',
    about:
      'A JSON file with routes by country, prefix and purpose, and the limits of companies: docs/operations.md. Instead of SMS_PROVIDERS.',
    example: '/etc/otpost/routes.json',
    optional: true,
  })
  @IsOptional()
  @IsString()
  routesFile?: string;

  @Setting({
    env: 'SMS_WORKERS',
    about:
      'How many worker processes there are, 1 to 1000: each takes this part of the limits of companies in SMS_ROUTES_FILE.',
    example: '2',
  })
  @IsInt()
  @Min(1)
  @Max(1000)
  workers: number = 1;

  @Setting({
    env: 'SMS_BREAKER_FAILURES',
    about:
      'So many failures of a company in a row, or twice as many of its latest four times as many answers, and no text goes to it for a while, 1 to 100. Refusals of a number are no failures.',
    example: '5',
  })
  @IsInt()
  @Min(1)
  @Max(100)
  breakerFailures: number = 5;

  @Setting({
    env: 'SMS_BREAKER_OPEN_SECONDS',
    about:
      'How long that is before one text tries the company again, 1 to 600 seconds; twice as long after each try that fails, at most four times.',
    example: '30',
  })
  @IsNumber()
  @Min(1)
  @Max(600)
  breakerOpenSeconds: number = 30;

  @Setting({ env: 'SMS_MAX_ATTEMPTS', about: 'How often one text is tried in all, 1 to 10.', example: '4' })
  @IsInt()
  @Min(1)
  @Max(10)
  maxAttempts: number = 4;

  @Setting({
    env: 'SMS_RETRY_BACKOFF_SECONDS',
    about: 'Wait before the second attempt; it doubles before each further one (3, 6, 12 s). 0.1 to 300 seconds.',
    example: '3',
  })
  @IsNumber()
  @Min(0.1)
  @Max(300)
  retryBackoffSeconds: number = 3;

  @Setting({
    env: 'SMS_RETRY_JITTER',
    about:
      'How much longer chance may make each of these waits, as a part of it, 0 to 0.5: texts refused together then come back in three groups. With 0.2 the first wait is 3, 3.3 or 3.6 s.',
    example: '0.2',
  })
  @IsNumber()
  @Min(0)
  @Max(0.5)
  retryJitter: number = 0;

  @Setting({
    env: 'SMS_SEND_TIMEOUT_SECONDS',
    about: 'How long one request to a company may take, 1 to 60 seconds; what it cuts off counts as unknown.',
    example: '10',
  })
  @IsNumber()
  @Min(1)
  @Max(60)
  sendTimeoutSeconds: number = 10;

  @Setting({
    env: 'RECEIPT_PROVIDERS',
    about: 'As the gateway is told: a text of these companies without a receipt is missed.',
    example: 'ccp',
    optional: true,
  })
  @ArrayUnique({ message: 'it must name each company once' })
  @IsIn(TELLING, { each: true, message: `it must list some of: ${TELLING.join(', ')}` })
  receiptProviders: string[] = [];

  @Setting({
    env: 'SMS_RECEIPT_WINDOW_SECONDS',
    about:
      'How long a company may take to say whether the handset got a text, 1 to 518400 seconds (6 days): without a receipt by then it is missing. Huawei gives up after 72 hours.',
    example: '259200',
  })
  @IsInt()
  @Min(1)
  @Max(518_400)
  receiptWindowSeconds: number = 259_200;

  @Setting({
    env: 'SMS_CONCURRENCY',
    about: 'Texts under way at once in one worker process, 1 to 2000.',
    example: '1000',
  })
  @IsInt()
  @Min(1)
  @Max(2000)
  concurrency: number = 1000;

  @Setting({
    env: 'SMS_ON_CRASH',
    about:
      'A worker died between asking a company that has no guard against duplicates and noting its answer: resend (the user gets one text or two) or hold (none or one).',
    example: 'resend',
  })
  @IsIn(['resend', 'hold'])
  onCrash: 'resend' | 'hold' = 'resend';

  @Setting({
    env: 'SMS_SIGNATURE',
    about:
      'Who texts, as registered with the carriers and without brackets: Chinese texts begin with it in 【】, others in []. Companies with approved texts get it beside the text where they ask for it. SMS_TEMPLATES may name another one for each text.',
    example: '某某科技',
    optional: true,
  })
  @IsOptional()
  @Matches(/^[^\s【】[\]{}](?:[^\r\n【】[\]{}]{0,30}[^\s【】[\]{}])?$/, {
    message: 'it must be 1 to 32 characters without brackets',
  })
  signature?: string;

  @Setting({
    env: 'SMS_TEMPLATES',
    about:
      'What is said, and how companies call it, as JSON: docs/extending.md#templates. Mostly a file, named by SMS_TEMPLATES_FILE. None: the built-in texts in Chinese and English.',
    example: '{"verification-code":{"default":"en","locales":{"en":{"text":"Your Acme code is {code}."}}}}',
    optional: true,
  })
  @IsOptional()
  @IsTemplates()
  texts?: string;

  @Setting({
    env: 'CODE_LENGTH',
    about:
      'Digits of a code, as the gateway is told: a company on the route that does not take so many refuses the start.',
    example: '6',
  })
  @IsInt()
  @Min(4)
  @Max(10)
  codeLength: number = 6;

  @Setting({
    env: 'SMS_ACCEPT_PLAIN',
    about: 'Whether events with a readable code or number are sent. Default: true, in production false.',
    example: 'false',
    optional: true,
  })
  @IsOptional()
  @IsBoolean()
  acceptPlain?: boolean;
}

export function smsTemplates({ texts, signature }: SmsSettings): SmsTemplates {
  const read = texts === undefined ? { templates: BUILT_IN_TEMPLATES } : readTemplates(texts, NAMES);
  if ('problems' in read) throw new Error(`unchecked templates: ${read.problems.join('; ')}`);
  return new SmsTemplates(read.templates, signature);
}

/** The settings classes of the companies on the routes, by name: nobody has to fill in the others. */
export function providerSections(plan: RoutingPlan): Sections {
  const named = companiesOf(plan);
  const onRoute = providerList.filter(({ name }) => named.includes(name));
  return Object.fromEntries(onRoute.map(({ name, Settings }) => [name, Settings]));
}

/** The name of the policy by which receipts are tried again. */
export const RECEIPTS = 'receipts';
/** The name of the policy by which texts are tried again. */
export const SMS_POLICY = 'sms';

/**
 * How long a reservation in the ledger lives: longer than any request of ours takes, so whoever holds an older one is dead.
 * Seconds.
 */
export const leaseSeconds = ({ sendTimeoutSeconds }: SmsSettings): number => sendTimeoutSeconds + 5;

/** Waits, besides the backoff's own: for a lease to end, and for companies that say when to come back. */
export const smsPolicy = (settings: SmsSettings): RetryPolicy => ({
  maxAttempts: settings.maxAttempts,
  backoffSeconds: settings.retryBackoffSeconds,
  jitter: settings.retryJitter,
  deferSeconds: [leaseSeconds(settings), 30, 60],
});

/**
 * The plan of the file, or the one route of the list; read before the settings are checked, so that all problems of the
 * companies are told with the others.
 * @throws SettingsError
 */
export function planIn(environment: Environment): RoutingPlan {
  const routesFile = settingText('SMS_ROUTES_FILE', environment);
  const list = settingText('SMS_PROVIDERS', environment)?.split(',') ?? [];
  const providers = list.map((name) => name.trim()).filter(Boolean);
  if (routesFile === undefined) return planOf(providers);
  if (providers.length > 0)
    throw new SettingsError(['SMS_ROUTES_FILE and SMS_PROVIDERS: both say where texts go; set one of them']);
  return readRoutingPlan(routesFile, NAMES);
}
