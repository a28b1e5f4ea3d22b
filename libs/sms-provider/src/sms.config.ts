import { ArrayNotEmpty, ArrayUnique, IsBoolean, IsIn, IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { Setting, type RetryPolicy } from '@app/common';
import { providerList } from './provider-list.js';

const NAMES = providerList.map(({ name }) => name);

/** How texts are sent, whichever company sends them. */
export class SmsSettings {
  @Setting({
    env: 'SMS_PROVIDERS',
    about: `The route: which companies are asked, in this order. Known: ${NAMES.join(', ')}.`,
    example: 'ccp',
  })
  @ArrayNotEmpty()
  @ArrayUnique({ message: 'it must name each company once' })
  @IsIn(NAMES, { each: true, message: `it must list some of: ${NAMES.join(', ')}` })
  providers: string[] = [];

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
    env: 'SMS_ACCEPT_PLAIN',
    about: 'Whether events with a readable code or number are sent. Default: true, in production false.',
    example: 'false',
    optional: true,
  })
  @IsOptional()
  @IsBoolean()
  acceptPlain?: boolean;
}

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
