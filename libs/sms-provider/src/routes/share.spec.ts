import { Share } from './share.js';

describe('a worker’s share of a company', () => {
  it('bounds what is under way', () => {
    const share = new Share({ concurrency: 2 });
    expect([share.tryEnter(), share.tryEnter(), share.tryEnter()]).toEqual([true, true, false]);
    share.leave();
    expect(share.tryEnter()).toBe(true);
  });

  it('bounds requests a second, of which those unused may come at once', () => {
    const clock = { ms: 0 };
    const share = new Share({ perSecond: 3 }, () => clock.ms);
    const taken = () => Array.from({ length: 10 }, () => share.tryEnter()).filter(Boolean).length;
    expect(taken()).toBe(3);
    clock.ms += 1000 / 3 + 1;
    expect(taken()).toBe(1);
    clock.ms += 60_000;
    expect(taken()).toBe(3);
  });

  it('less than one a second is one in so many seconds', () => {
    const clock = { ms: 0 };
    const share = new Share({ perSecond: 0.5 }, () => clock.ms);
    expect([share.tryEnter(), share.tryEnter()]).toEqual([true, false]);
    clock.ms += 2000;
    expect(share.tryEnter()).toBe(true);
  });

  it('serves those in line first, in their order', async () => {
    const share = new Share({ concurrency: 1 });
    share.tryEnter();
    const served: number[] = [];
    const line = [1, 2].map((place) => share.turn(5000).then((taken) => taken && served.push(place)));
    expect(share.tryEnter()).toBe(false);
    share.leave();
    await line[0];
    expect(served).toEqual([1]);
    expect(share.tryEnter()).toBe(false);
    share.leave();
    await line[1];
    expect(served).toEqual([1, 2]);
  });

  it('who waits too long, or when the process ends, goes away without a place', async () => {
    const share = new Share({ concurrency: 1 });
    share.tryEnter();
    expect(await share.turn(10)).toBe(false);
    const waiting = share.turn(60_000);
    share.close();
    expect(await waiting).toBe(false);
    expect(await share.turn(60_000)).toBe(false);
    share.leave();
    expect(share.tryEnter()).toBe(true);
  });

  it.each([
    ['what the second allows in time', { perSecond: 2 }, 6],
    ['four times what may be under way', { concurrency: 1 }, 4],
    ['what the process has places for', { perSecond: 2, maxWaiting: 3 }, 3],
    ['one, whatever the bounds', { perSecond: 0.1, maxWaiting: 0 }, 1],
  ])('the line is no longer than %s; who comes then goes away at once', async (_what, options, longest) => {
    const share = new Share(options);
    while (share.tryEnter());
    const line = Array.from({ length: longest }, () => share.turn(3000));

    expect(await share.turn(3000)).toBe(false);

    share.close();
    expect(await Promise.all(line)).toEqual(Array(longest).fill(false));
  });

  it.each([
    ['so many seconds as the line is long', { perSecond: 2 }, 3, 2000],
    ['a second a round', { concurrency: 1 }, 2, 3000],
    ['a second, if nobody waits', { perSecond: 100 }, 0, 1000],
  ])('says how long it takes: %s', (_what, options, waiting, ms) => {
    const share = new Share(options, () => 0);
    while (share.tryEnter());
    for (let n = 0; n < waiting; n++) void share.turn(60_000);

    expect(share.waitMs).toBe(ms);
    share.close();
  });

  it('a line moves on when a second has passed', async () => {
    const share = new Share({ perSecond: 50 });
    while (share.tryEnter());
    expect(await Promise.all(Array.from({ length: 5 }, () => share.turn(10_000)))).toEqual(Array(5).fill(true));
  });
});
