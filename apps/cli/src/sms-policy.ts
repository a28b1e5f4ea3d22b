import { readSettings, type Environment, type RetryPolicy } from '@app/common';
import { smsPolicy, SmsSettings } from '@app/sms-provider';

/** By which the worker tries texts again, from the worker's settings. Its route is none of our business. */
export function readSmsPolicy(environment: Environment): RetryPolicy {
  const complete = { ...environment, SMS_PROVIDERS: environment.SMS_PROVIDERS || 'console' };
  return smsPolicy(readSettings({ sms: SmsSettings }, complete).sms);
}
