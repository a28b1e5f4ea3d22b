import fc from 'fast-check';
import { after, outcome, sampleSend } from '../../../../test/gateway/samples.js';
import { follow, type Outcome } from './send.js';

const send = sampleSend('123456');
const statusOf = (outcomes: Outcome[]) => outcomes.reduce(follow, send).status;
const refusedForNow = outcome('sms.rejected', send, { final: false, nextAttemptAt: after(3).getTime() });
const accepted = outcome('sms.accepted', send, { attempt: 2 });

describe('a send', () => {
  it.each([
    ['queued', []],
    ['waiting', [refusedForNow]],
    ['accepted', [refusedForNow, accepted]],
    ['accepted', [accepted, refusedForNow]],
    ['delivered', [accepted, outcome('sms.delivered', send)]],
    ['delivered', [outcome('sms.delivered', send), accepted]],
    ['undelivered', [accepted, outcome('sms.undelivered', send)]],
    ['rejected', [refusedForNow, outcome('sms.rejected', send, { attempt: 4 })]],
    ['unknown', [outcome('sms.unknown', send)]],
    ['delivered', [outcome('sms.unknown', send), outcome('sms.delivered', send)]],
    ['rejected', [outcome('sms.unknown', send, { final: false }), outcome('sms.rejected', send, { attempt: 2 })]],
    ['expired', [refusedForNow, outcome('sms.expired', send, { attempt: 2 })]],
  ])('is %s after its outcomes', (status, outcomes) => {
    expect(statusOf(outcomes)).toBe(status);
  });

  it('tells the next attempt of the latest refusal', () => {
    const second = { ...refusedForNow, attempt: 2, nextAttemptAt: after(9).getTime() };
    expect(follow(follow(send, refusedForNow), second).outcome).toBe(second);
    expect(follow(follow(send, second), refusedForNow).outcome).toBe(second);
  });

  it('tells the later time of a wait that used up no attempt', () => {
    const later = { ...refusedForNow, nextAttemptAt: after(63).getTime() };
    expect(follow(follow(send, refusedForNow), later).outcome).toBe(later);
    expect(follow(follow(send, later), refusedForNow).outcome).toBe(later);
  });

  it('ends in the same status in whatever order and however often outcomes come', () => {
    const someOutcome = fc
      .record({
        event: fc.constantFrom('accepted', 'rejected', 'unknown', 'expired', 'delivered', 'undelivered'),
        attempt: fc.integer({ min: 1, max: 4 }),
        final: fc.boolean(),
      })
      .map(({ event, ...rest }) => outcome(`sms.${event}`, send, rest));
    const history = fc
      .array(someOutcome, { maxLength: 8 })
      .chain((outcomes) =>
        fc.tuple(
          fc.constant(outcomes),
          fc.shuffledSubarray([...outcomes, ...outcomes], { minLength: 2 * outcomes.length }),
        ),
      );
    fc.assert(fc.property(history, ([outcomes, again]) => statusOf(again) === statusOf(outcomes)));
  });
});
