import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../../test/support/until.js';
import type { CompanyBook } from './company-book.js';

/** What every CompanyBook promises. */
export function companyBookSuite(name: string, createBook: () => Promise<CompanyBook>): void {
  describe(`${name}: a book of companies`, () => {
    let book: CompanyBook;
    beforeEach(async () => {
      book = await createBook();
    });
    const entry = async (company: string) => (await book.list()).find((one) => one.name === company);
    const none = { closed: 0, 'half-open': 0, open: 0 };

    it('is empty at first', async () => {
      expect(await book.list()).toEqual([]);
      expect(await book.report('w1', {})).toEqual(new Map());
    });

    it('tells a worker of a pause, with all that was said of it, until somebody resumes', async () => {
      const before = Date.now();
      await book.pause('ccp', { reason: 'wörd "quoted" 停', by: 'ops' });

      expect(await book.report('w1', {})).toEqual(new Map([['ccp', {}]]));
      const { pause, change } = (await entry('ccp'))!;
      expect(pause).toEqual({ reason: 'wörd "quoted" 停', by: 'ops', at: expect.any(Number) });
      expect(pause!.at).toBeGreaterThanOrEqual(before);
      expect(pause!.at).toBeLessThanOrEqual(Date.now());
      expect(change).toEqual({ by: 'ops', at: pause!.at });

      expect(await book.resume('ccp', 'night-shift')).toBe(true);
      expect(await book.report('w1', {})).toEqual(new Map());
      expect(await entry('ccp')).toEqual({
        name: 'ccp',
        change: { by: 'night-shift', at: expect.any(Number) },
        breakers: none,
      });
    });

    it('a pause with an end ends by itself', async () => {
      await book.pause('ccp', { reason: 'maintenance', by: 'ops', forMs: 400 });
      const { pause } = (await entry('ccp'))!;
      expect(pause!.until! - pause!.at).toBe(400);
      const left = (await book.report('w1', {})).get('ccp')!.forMs!;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(400);

      await sleep(left);
      await until('it has ended', 1, async () => (await book.report('w1', {})).size === 0);
      expect((await entry('ccp'))!.pause).toBeUndefined();
      expect(await book.resume('ccp', 'ops')).toBe(false);
    });

    it('the last of several pauses counts', async () => {
      await book.pause('ccp', { reason: 'one', by: 'a', forMs: 1 });
      await book.pause('ccp', { reason: 'two', by: 'b' });
      expect(await entry('ccp')).toMatchObject({ pause: { reason: 'two', by: 'b' } });
      expect((await entry('ccp'))!.pause).not.toHaveProperty('until');
    });

    it('resuming what is not paused notes nothing', async () => {
      expect(await book.resume('ccp', 'ops')).toBe(false);
      expect(await book.list()).toEqual([]);
    });

    it('one of ten that resume at once has done it', async () => {
      await book.pause('ccp', { reason: 'x', by: 'ops' });
      const done = await Promise.all(Array.from({ length: 10 }, () => book.resume('ccp', 'ops')));
      expect(done.filter(Boolean)).toHaveLength(1);
    });

    it('counts workers by what they said last, until they leave', async () => {
      await book.report('w1', { ccp: 'closed', twilio: 'open' });
      await book.report('w2', { ccp: 'closed' });
      await book.report('w2', { ccp: 'half-open' });
      expect(await book.list()).toEqual([
        { name: 'ccp', breakers: { ...none, closed: 1, 'half-open': 1 } },
        { name: 'twilio', breakers: { ...none, open: 1 } },
      ]);

      await book.leave('w1');
      expect(await book.list()).toEqual([{ name: 'ccp', breakers: { ...none, 'half-open': 1 } }]);
    });
  });
}
