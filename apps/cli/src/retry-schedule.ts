import { waitsAfter, type RetryPolicy } from '@app/common';
import { columns } from './columns.js';
import { EXIT, type Command } from './command.js';
import { readSmsPolicy } from './sms-policy.js';

/** When an attempt comes: shortest and longest, in seconds, by what chance adds. */
interface ScheduledAttempt {
  readonly attempt: number;
  /** Since the attempt before it. */
  readonly wait: readonly [number, number];
  /** Since the first attempt; how long companies take to answer comes on top. */
  readonly after: readonly [number, number];
}

export function scheduleOf(policy: RetryPolicy): ScheduledAttempt[] {
  const schedule: ScheduledAttempt[] = [{ attempt: 1, wait: [0, 0], after: [0, 0] }];
  for (let attempt = 1; attempt < policy.maxAttempts; attempt++) {
    const waits = waitsAfter(policy, attempt).map((milliseconds) => milliseconds / 1000);
    const wait = [waits[0]!, waits.at(-1)!] as const;
    const [least, most] = schedule.at(-1)!.after;
    schedule.push({ attempt: attempt + 1, wait, after: [round(least + wait[0]), round(most + wait[1])] });
  }
  return schedule;
}

export const retryScheduleCommand: Command = {
  name: 'retry-schedule',
  usage: '[--json]',
  about:
    'Shows when a text is tried again, from the settings SMS_MAX_ATTEMPTS, SMS_RETRY_BACKOFF_SECONDS and SMS_RETRY_JITTER.',
  options: { json: { type: 'boolean' } },
  async run({ values, environment, terminal }) {
    const policy = readSmsPolicy(environment);
    const schedule = scheduleOf(policy);
    if (values.json) {
      terminal.print(JSON.stringify({ attempts: schedule, deferSeconds: policy.deferSeconds }, null, 2));
      return EXIT.done;
    }
    const rows = schedule.map(({ attempt, wait, after }) => [String(attempt), seconds(wait), seconds(after)]);
    terminal.print(columns([['attempt', 'wait before it', 'after the first'], ...rows]));
    terminal.print(
      `\nA company that says when to come back is given ${policy.deferSeconds.join(' or ')} s; that uses up no attempt.`,
    );
    return EXIT.done;
  },
};

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
const seconds = ([least, most]: readonly [number, number]): string =>
  least === most ? `${least} s` : `${least} to ${most} s`;
