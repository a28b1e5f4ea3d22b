import type { RetryPolicy } from '@app/common';
import { conclude, planRetry, type Circumstances, type ProviderRejection } from './conclusion.js';

const NOW = new Date('2026-11-24T08:00:00Z');
const POLICY: RetryPolicy = { maxAttempts: 4, backoffSeconds: 3, deferSeconds: [30, 60] };
const circumstances = (more: Partial<Circumstances> = {}): Circumstances => ({
  policy: POLICY,
  delivery: { attempt: 1, deferrals: 0 },
  expiresAt: new Date(NOW.getTime() + 300_000),
  now: NOW,
  ...more,
});
const rejection = (more: Partial<ProviderRejection>): ProviderRejection => ({
  kind: 'rejected',
  provider: 'ccp',
  class: 'RETRYABLE',
  scope: 'provider',
  code: '160050',
  ...more,
});
const permanent = rejection({ class: 'PERMANENT', scope: 'account', code: '111142' });
const retryIn = (seconds: number) => ({ kind: 'retry', nextAttemptAt: new Date(NOW.getTime() + seconds * 1000) });

describe('what the rejections of one walk mean together', () => {
  it.each([
    ['one RETRYABLE: the backoff', [rejection({})], circumstances(), retryIn(3)],
    [
      'a RETRYABLE among PERMANENT ones: the backoff',
      [permanent, rejection({}), permanent],
      circumstances(),
      retryIn(3),
    ],
    ['PERMANENT only: over', [permanent, permanent], circumstances(), { kind: 'over' }],
    [
      'the last attempt: over',
      [rejection({})],
      circumstances({ delivery: { attempt: 4, deferrals: 0 } }),
      { kind: 'over' },
    ],
    [
      'the third attempt: 12 s',
      [rejection({})],
      circumstances({ delivery: { attempt: 3, deferrals: 0 } }),
      retryIn(12),
    ],
    [
      'the company says when: its wait, rounded up',
      [rejection({ retryAfterMs: 20_000 })],
      circumstances(),
      retryIn(30),
    ],
    [
      'all say when: the earliest',
      [rejection({ retryAfterMs: 50_000 }), rejection({ retryAfterMs: 20_000 })],
      circumstances(),
      retryIn(30),
    ],
    [
      'one does not say when: the backoff',
      [rejection({ retryAfterMs: 50_000 }), rejection({})],
      circumstances(),
      retryIn(3),
    ],
    [
      'the last one says for good that the recipient takes no texts: over, though another company was only busy',
      [rejection({}), rejection({ provider: 'twilio', class: 'PERMANENT', scope: 'recipient', code: '21610' })],
      circumstances(),
      { kind: 'over' },
    ],
    [
      'the last one says when the recipient may be texted again: its wait, though another company was only busy',
      [rejection({ provider: 'tencent' }), rejection({ scope: 'recipient', code: '160038', retryAfterMs: 60_000 })],
      circumstances(),
      retryIn(60),
    ],
    [
      'a company that is not asked says nothing of the recipient: the backoff',
      [rejection({ scope: 'recipient', retryAfterMs: 60_000 }), rejection({})],
      circumstances(),
      retryIn(3),
    ],
    [
      'the next attempt would come after the code has died',
      [rejection({})],
      circumstances({ expiresAt: new Date(NOW.getTime() + 2_000) }),
      { kind: 'too-late' },
    ],
    [
      'the company’s wait is longer than any declared one',
      [rejection({ retryAfterMs: 3_600_000 })],
      circumstances(),
      { kind: 'too-late' },
    ],
    [
      'the company’s wait is longer than the code lives',
      [rejection({ retryAfterMs: 55_000 })],
      circumstances({ expiresAt: new Date(NOW.getTime() + 59_000) }),
      { kind: 'too-late' },
    ],
  ])('%s', (_what, rejections, around, conclusion) => expect(conclude(rejections, around)).toMatchObject(conclusion));

  it('the reason names companies and codes, and no number', () => {
    expect(
      conclude([rejection({}), permanent, rejection({ provider: 'other', code: '503' })], circumstances()),
    ).toMatchObject({
      result: { kind: 'retry', reason: 'ccp 160050 (RETRYABLE/provider), other 503 (RETRYABLE/provider)' },
    });
  });

  it('a wait of the company’s uses up no attempt; one of ours does', () => {
    expect(planRetry('later', circumstances(), 20_000)).toMatchObject({ result: { afterMs: 20_000 } });
    expect(planRetry('busy', circumstances())).toMatchObject({ result: { kind: 'retry', reason: 'busy' } });
    expect(planRetry('busy', circumstances())).not.toHaveProperty('result.afterMs');
  });
});
