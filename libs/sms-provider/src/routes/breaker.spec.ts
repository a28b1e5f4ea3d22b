import fc from 'fast-check';
import type { Consequence } from '../consequence.js';
import { Breaker } from './breaker.js';

const OPTIONS = { failures: 5, openMs: 30_000 };
type Health = Consequence['health'];

function breakerAt() {
  const clock = { ms: 0 };
  const breaker = new Breaker(OPTIONS, () => clock.ms);
  /** One request with this answer; false: it was not let through. */
  const one = (health: Health, retryAfterMs?: number) => {
    const ticket = breaker.enter();
    if (ticket) breaker.leave(ticket, health, retryAfterMs);
    return ticket !== undefined;
  };
  const fail = (times: number) => Array.from({ length: times }, () => one('failure'));
  return { breaker, clock, one, fail };
}

describe('a breaker', () => {
  it('opens after so many failures in a row, and lets nobody through', () => {
    const { breaker, one, fail } = breakerAt();
    fail(4);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect(breaker).toMatchObject({ state: 'open', waitMs: 30_000 });
    expect(one('success')).toBe(false);
  });

  it('opens when half of the latest answers are failures', () => {
    const { breaker, one } = breakerAt();
    for (let pair = 0; pair < 9; pair++) {
      one('failure');
      one('success');
    }
    expect(breaker.state).toBe('closed');
    one('failure');
    expect(breaker.state).toBe('open');
  });

  it('opens at once for what only somebody’s action heals', () => {
    const { breaker, one } = breakerAt();
    one('open');
    expect(breaker.state).toBe('open');
  });

  it('lets one probe through when its time has come; its success closes', () => {
    const { breaker, clock, fail, one } = breakerAt();
    fail(5);
    clock.ms += 30_000;
    expect(breaker.state).toBe('half-open');
    const probe = breaker.enter();
    expect(probe).toMatchObject({ probe: true });
    expect(breaker.enter()).toBeUndefined();
    expect(breaker.waitMs).toBeGreaterThan(0);
    breaker.leave(probe!, 'success');
    expect(breaker.state).toBe('closed');
    expect(one('success')).toBe(true);
  });

  it('stays open twice as long after each probe that fails, four times at most, and forgets that when it closes', () => {
    const { breaker, clock, fail, one } = breakerAt();
    fail(5);
    const waits = Array.from({ length: 4 }, () => {
      const { waitMs } = breaker;
      clock.ms += waitMs;
      one('failure');
      return waitMs;
    });
    expect(waits).toEqual([30_000, 60_000, 120_000, 120_000]);
    clock.ms += breaker.waitMs;
    one('success');
    fail(5);
    expect(breaker.waitMs).toBe(30_000);
  });

  it('a probe that learns nothing leaves its place to the next', () => {
    const { breaker, clock, fail, one } = breakerAt();
    fail(5);
    clock.ms += 30_000;
    one('ignored');
    expect(breaker.enter()).toMatchObject({ probe: true });
  });

  it('F25 stays open as long as the company says, and no longer than ten minutes', () => {
    const { breaker, one, clock } = breakerAt();
    one('failure', 7_000);
    expect(breaker.waitMs).toBe(7_000);
    clock.ms += 7_000;
    one('failure', 86_400_000);
    expect(breaker.waitMs).toBe(600_000);
  });

  it('late answers to requests from before it opened change nothing', () => {
    const { breaker, fail } = breakerAt();
    const early = [breaker.enter()!, breaker.enter()!];
    fail(5);
    breaker.leave(early[0]!, 'success');
    breaker.leave(early[1]!, 'failure');
    expect(breaker.state).toBe('open');
    expect(breaker.waitMs).toBe(30_000);
  });

  it('what says nothing of the company never opens it, whatever comes between', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Health>('ignored', 'success'), { maxLength: 200 }), (answers) => {
        const { breaker, one } = breakerAt();
        return answers.every((health) => one(health)) && breaker.state === 'closed';
      }),
    );
  });

  it('always comes back: from whatever it went through, one success after the wait closes it', () => {
    const answer = fc.constantFrom<Health>('ignored', 'success', 'failure', 'open');
    const steps = fc.array(fc.tuple(answer, fc.integer({ min: 0, max: 200_000 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (history) => {
        const { breaker, clock, one } = breakerAt();
        for (const [health, ms] of history) {
          one(health);
          clock.ms += ms;
        }
        if (breaker.waitMs > 4 * OPTIONS.openMs) return false;
        clock.ms += breaker.waitMs;
        return one('success') && breaker.state === 'closed';
      }),
    );
  });
});
