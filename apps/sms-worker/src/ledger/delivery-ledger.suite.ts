import { randomUUID } from 'node:crypto';
import { until } from '../../../../test/support/until.js';
import type { DeliveryLedger, LedgerAnswer, ReserveOptions } from '@app/sms-provider';

/** What every ledger promises. */
export function deliveryLedgerSuite(name: string, create: () => DeliveryLedger): void {
  describe(`delivery ledger: ${name}`, () => {
    const LONG = { leaseMs: 15_000, alone: false };
    const SHORT = { leaseMs: 30, alone: false };
    const ALONE = { leaseMs: 30, alone: true };
    /** Each caller is another one, unless a test says who. */
    const reserve = (provider: string, options: Omit<ReserveOptions, 'token'>, token: string = randomUUID()) =>
      ledger.reserve(id, provider, { ...options, token });
    const lapsed = () => until('the lease is over', 5, async () => (await ledger.find(id)) === 'abandoned');
    const answer = (state: LedgerAnswer['state'], more: Partial<LedgerAnswer> = {}): LedgerAnswer => ({
      state,
      provider: 'ccp',
      n: 0,
      ...more,
    });
    let ledger: DeliveryLedger;
    let id: string;
    beforeEach(() => {
      ledger = create();
      id = randomUUID();
    });

    it('grants an unknown message once, and calls it busy while the lease lives', async () => {
      expect(await reserve('ccp', LONG)).toEqual({ kind: 'granted', provider: 'ccp', n: 0 });
      expect(await reserve('ccp', LONG)).toEqual({ kind: 'busy', leftMs: expect.any(Number) });
      expect(await ledger.find(id)).toBe('reserved');
    });

    it('says how long the lease has left', async () => {
      await reserve('ccp', LONG);

      const { leftMs } = (await reserve('ccp', LONG)) as { leftMs: number };

      expect(leftMs).toBeGreaterThan(LONG.leaseMs - 5000);
      expect(leftMs).toBeLessThanOrEqual(LONG.leaseMs);
    });

    it('grants one of fifty at once', async () => {
      const reservations = await Promise.all(Array.from({ length: 50 }, () => reserve('ccp', LONG)));

      expect(reservations.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
      expect(reservations.filter(({ kind }) => kind === 'busy')).toHaveLength(49);
    });

    it('who did not hear of its reservation asks again and has it, with a whole lease', async () => {
      const granted = { kind: 'granted', provider: 'ccp', n: 0 };
      expect(await reserve('ccp', { leaseMs: 2000, alone: false }, 'a')).toEqual(granted);
      expect(await reserve('other', LONG, 'a')).toEqual(granted);

      const { leftMs } = (await reserve('ccp', LONG, 'b')) as { leftMs: number };
      expect(leftMs).toBeGreaterThan(2000);
    });

    it('also when its lease is over: who asks is not dead', async () => {
      await reserve('ccp', SHORT, 'a');
      await lapsed();

      expect(await reserve('ccp', LONG, 'a')).toEqual({ kind: 'granted', provider: 'ccp', n: 0 });
    });

    it('and is told of an earlier request once more', async () => {
      await reserve('ccp', LONG);
      await ledger.settle(id, answer('unknown', { askAgain: true }));
      const granted = { kind: 'granted', provider: 'ccp', n: 0, repeats: 'unknown' };

      expect(await reserve('ccp', LONG, 'a')).toEqual(granted);
      expect(await reserve('ccp', LONG, 'a')).toEqual(granted);
    });

    it('after a crash the very request is granted again, at the company that was asked, to one caller', async () => {
      await reserve('ccp', SHORT);
      await lapsed();

      const reservations = await Promise.all(
        Array.from({ length: 20 }, () => reserve('other', { ...LONG, alone: true })),
      );

      expect(reservations.filter(({ kind }) => kind !== 'busy')).toEqual([
        { kind: 'granted', provider: 'ccp', n: 0, repeats: 'crash' },
      ]);
    });

    it('a message whose holder died is a suspect, which only who handles it alone may have', async () => {
      await reserve('ccp', SHORT);
      await lapsed();

      expect(await reserve('ccp', LONG)).toEqual({ kind: 'suspect' });
      expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted', repeats: 'crash' });
    });

    it('three deaths of who handled it alone make it poison; the first death, among others, is no strike', async () => {
      await reserve('ccp', SHORT);
      for (let strike = 0; strike < 3; strike++) {
        await lapsed();
        expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted' });
      }
      await lapsed();

      expect(await reserve('ccp', ALONE)).toEqual({ kind: 'poison' });
      expect(await reserve('ccp', ALONE)).toEqual({ kind: 'poison' });
    });

    it('an answer takes its strikes away', async () => {
      await reserve('ccp', SHORT);
      for (let strike = 0; strike < 2; strike++) {
        await lapsed();
        await reserve('ccp', ALONE);
      }
      await ledger.settle(id, answer('rejected'));
      await reserve('ccp', SHORT);
      await lapsed();
      for (let strike = 0; strike < 3; strike++) {
        expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted' });
        await lapsed();
      }
    });

    it('an accepted message is settled for good', async () => {
      await reserve('ccp', LONG);
      const accepted = answer('accepted', { providerMessageId: 'm1' });
      await ledger.settle(id, accepted);
      await ledger.settle(id, answer('unknown'));
      await ledger.settle(id, answer('rejected', { n: 1 }));

      expect(await reserve('ccp', LONG)).toEqual({ kind: 'settled', answer: accepted });
      expect(await ledger.find(id)).toEqual(accepted);
    });

    it('after a rejection the next request is a new one, at whichever company', async () => {
      await reserve('ccp', LONG);
      await ledger.settle(
        id,
        answer('rejected', { errorClass: 'RETRYABLE', errorScope: 'provider', errorCode: '160050' }),
      );

      expect(await reserve('other', LONG)).toEqual({ kind: 'granted', provider: 'other', n: 1 });
      expect(await reserve('ccp', LONG)).toEqual({ kind: 'busy', leftMs: expect.any(Number) });
    });

    it('an unknown outcome may be repeated only where the company refuses duplicates', async () => {
      await reserve('ccp', LONG);
      await ledger.settle(id, answer('unknown', { askAgain: true, errorCode: 'aborted' }));
      expect(await reserve('other', LONG)).toEqual({
        kind: 'granted',
        provider: 'ccp',
        n: 0,
        repeats: 'unknown',
      });

      const unguarded = answer('unknown', { askAgain: false, errorCode: 'aborted' });
      await ledger.settle(id, unguarded);
      expect(await reserve('other', LONG)).toEqual({ kind: 'settled', answer: unguarded });
    });

    it('a late answer to an earlier request changes nothing', async () => {
      await reserve('ccp', LONG);
      await ledger.settle(id, answer('rejected'));
      await reserve('ccp', LONG);
      await ledger.settle(id, answer('rejected', { n: 0, errorCode: 'late' }));

      expect(await ledger.find(id)).toBe('reserved');
    });

    it('a late acceptance of an earlier request counts: the company has the text', async () => {
      await reserve('ccp', LONG);
      await ledger.settle(id, answer('rejected'));
      await reserve('ccp', LONG);
      await ledger.settle(id, answer('accepted', { n: 0 }));
      await ledger.settle(id, answer('rejected', { n: 1 }));

      expect(await ledger.find(id)).toMatchObject({ state: 'accepted', n: 0 });
    });

    it('knows nothing of a message that nobody reserved', async () => {
      expect(await ledger.find(id)).toBeUndefined();
    });

    it('an answer whose reservation was lost with the store is kept all the same', async () => {
      await ledger.settle(id, answer('accepted'));

      expect(await reserve('ccp', LONG)).toMatchObject({ kind: 'settled' });
    });
  });
}
