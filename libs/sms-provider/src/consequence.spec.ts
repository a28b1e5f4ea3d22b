import { consequenceOf, settledBy, type Consequence } from './consequence.js';
import type { QueryAnswer, Rejection, SendOutcome } from './sms-provider.js';

const rejected = (
  errorClass: Rejection['class'],
  scope: Rejection['scope'],
  more: Partial<Rejection> = {},
): SendOutcome => ({ kind: 'rejected', class: errorClass, scope, code: 'x', ...more });

describe('the failover table', () => {
  it.each<[what: string, outcome: SendOutcome, consequence: Consequence]>([
    ['accepted', { kind: 'accepted' }, { failover: false, health: 'success', alert: false }],
    ['S52 unknown', { kind: 'unknown', code: 'x' }, { failover: false, health: 'failure', alert: false }],
    ['RETRYABLE/provider', rejected('RETRYABLE', 'provider'), { failover: true, health: 'failure', alert: false }],
    ['RETRYABLE/account', rejected('RETRYABLE', 'account'), { failover: true, health: 'open', alert: false }],
    ['RETRYABLE/recipient', rejected('RETRYABLE', 'recipient'), { failover: false, health: 'ignored', alert: false }],
    ['PERMANENT/recipient', rejected('PERMANENT', 'recipient'), { failover: false, health: 'ignored', alert: false }],
    ['PERMANENT/region', rejected('PERMANENT', 'region'), { failover: true, health: 'ignored', alert: true }],
    ['PERMANENT/request', rejected('PERMANENT', 'request'), { failover: true, health: 'ignored', alert: true }],
    ['PERMANENT/account', rejected('PERMANENT', 'account'), { failover: true, health: 'open', alert: true }],
    ['PERMANENT/provider', rejected('PERMANENT', 'provider'), { failover: true, health: 'failure', alert: true }],
  ])('%s', (_what, outcome, consequence) => {
    expect(consequenceOf(outcome)).toEqual(consequence);
  });

  it('a provider may forbid failover and ask for somebody to look', () => {
    expect(consequenceOf(rejected('PERMANENT', 'request', { failover: false }))).toMatchObject({ failover: false });
    expect(consequenceOf(rejected('RETRYABLE', 'provider', { alert: true }))).toMatchObject({ alert: true });
  });

  it('no provider can make a refusal of the recipient anybody else’s business', () => {
    expect(consequenceOf(rejected('PERMANENT', 'recipient', { failover: true, alert: true }))).toEqual(
      consequenceOf(rejected('PERMANENT', 'recipient')),
    );
  });
});

describe('S52 the settling table', () => {
  it.each<[what: string, answer: QueryAnswer, outcome: SendOutcome | undefined]>([
    ['found, on its way', { kind: 'found', status: 'accepted' }, { kind: 'accepted' }],
    [
      'found, delivered',
      { kind: 'found', status: 'delivered', providerMessageId: 'm1' },
      { kind: 'accepted', providerMessageId: 'm1' },
    ],
    ['found, not delivered: taken all the same', { kind: 'found', status: 'undelivered' }, { kind: 'accepted' }],
    ['absent: perhaps not yet in the list', { kind: 'absent' }, undefined],
    ['no answer', { kind: 'failed', code: 'aborted' }, undefined],
  ])('%s', (_what, answer, outcome) => {
    expect(settledBy(answer)).toEqual(outcome);
  });
});
