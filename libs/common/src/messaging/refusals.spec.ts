import { Refusals } from './refusals.js';

describe('refusals without a break', () => {
  const heard = (steps: readonly (readonly [second: number, outcome: 'nacked' | 'confirmed' | 'timed-out'])[]) => {
    const refusals = new Refusals();
    return steps.filter(([second, outcome]) => refusals.heard('a', outcome, second * 1000)).map(([second]) => second);
  };

  it('put the channel in doubt after 10 s, then after 20 s and 40 s more', () => {
    const seconds = Array.from({ length: 100 }, (_, n) => [n, 'nacked'] as const);
    expect(heard(seconds)).toEqual([10, 30, 70]);
  });

  it('are never more than 5 min apart', () => {
    const minutes = Array.from({ length: 60 }, (_, n) => [60 * n, 'nacked'] as const);
    const doubts = heard(minutes);
    expect(doubts.slice(1).map((at, n) => at - doubts[n]!)).toEqual([60, 60, 120, 180, ...Array<number>(10).fill(300)]);
  });

  it.each([
    [
      'a confirm begins anew',
      [
        [0, 'nacked'],
        [9, 'confirmed'],
        [10, 'nacked'],
        [19, 'nacked'],
        [20, 'nacked'],
      ],
      [20],
    ],
    [
      'a timeout says nothing',
      [
        [0, 'nacked'],
        [9, 'timed-out'],
        [10, 'timed-out'],
        [11, 'nacked'],
      ],
      [11],
    ],
  ] as const)('%s', (_what, steps, doubts) => {
    expect(heard(steps)).toEqual(doubts);
  });

  it('are counted for each route alone', () => {
    const refusals = new Refusals();
    refusals.heard('a', 'nacked', 0);
    expect(refusals.heard('b', 'nacked', 10_000)).toBe(false);
    expect(refusals.heard('b', 'confirmed', 10_000)).toBe(false);
    expect(refusals.heard('a', 'nacked', 10_000)).toBe(true);
  });
});
