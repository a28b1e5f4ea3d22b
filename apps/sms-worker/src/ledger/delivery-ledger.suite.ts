import { randomUUID } from 'node:crypto';
import { until } from '../../../../test/support/until.js';
import type { DeliveryLedger, LedgerAnswer } from '@app/sms-provider';

/** What every ledger promises. */
export function deliveryLedgerSuite(name: string, create: () => DeliveryLedger): void {
  describe(`delivery ledger: ${name}`, () => {
    const LONG = { leaseMs: 15_000, alone: false };
    const SHORT = { leaseMs: 30, alone: false };
    const ALONE = { leaseMs: 30, alone: true };
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
      expect(await ledger.reserve(id, 'ccp', LONG)).toEqual({ kind: 'granted', provider: 'ccp', n: 0 });
      expect(await ledger.reserve(id, 'ccp', LONG)).toEqual({ kind: 'busy', leftMs: expect.any(Number) });
      expect(await ledger.find(id)).toBe('reserved');
    });

    it('says how long the lease has left', async () => {
      await ledger.reserve(id, 'ccp', LONG);

      const { leftMs } = (await ledger.reserve(id, 'ccp', LONG)) as { leftMs: number };

      expect(leftMs).toBeGreaterThan(LONG.leaseMs - 5000);
      expect(leftMs).toBeLessThanOrEqual(LONG.leaseMs);
    });

    it('grants one of fifty at once', async () => {
      const reservations = await Promise.all(Array.from({ length: 50 }, () => ledger.reserve(id, 'ccp', LONG)));

      expect(reservations.filter(({ kind }) => kind === 'granted')).toHaveLength(1);
      expect(reservations.filter(({ kind }) => kind === 'busy')).toHaveLength(49);
    });

    it('after a crash the very request is granted again, at the company that was asked, to one caller', async () => {
      await ledger.reserve(id, 'ccp', SHORT);
      await lapsed();

      const reservations = await Promise.all(
        Array.from({ length: 20 }, () => ledger.reserve(id, 'other', { ...LONG, alone: true })),
      );

      expect(reservations.filter(({ kind }) => kind !== 'busy')).toEqual([
        { kind: 'granted', provider: 'ccp', n: 0, repeats: 'crash' },
      ]);
    });

    it('a message whose holder died is a suspect, which only who handles it alone may have', async () => {
      await ledger.reserve(id, 'ccp', SHORT);
      await lapsed();

      expect(await ledger.reserve(id, 'ccp', LONG)).toEqual({ kind: 'suspect' });
      expect(await ledger.reserve(id, 'ccp', ALONE)).toMatchObject({ kind: 'granted', repeats: 'crash' });
    });

    it('three deaths of who handled it alone make it poison; the first death, among others, is no strike', async () => {
      await ledger.reserve(id, 'ccp', SHORT);
      for (let strike = 0; strike < 3; strike++) {
        await lapsed();
        expect(await ledger.reserve(id, 'ccp', ALONE)).toMatchObject({ kind: 'granted' });
      }
      await lapsed();

      expect(await ledger.reserve(id, 'ccp', ALONE)).toEqual({ kind: 'poison' });
      expect(await ledger.reserve(id, 'ccp', ALONE)).toEqual({ kind: 'poison' });
    });

    it('an answer takes its strikes away', async () => {
      await ledger.reserve(id, 'ccp', SHORT);
      for (let strike = 0; strike < 2; strike++) {
        await lapsed();
        await ledger.reserve(id, 'ccp', ALONE);
      }
      await ledger.settle(id, answer('rejected'));
      await ledger.reserve(id, 'ccp', SHORT);
      await lapsed();
      for (let strike = 0; strike < 3; strike++) {
        expect(await ledger.reserve(id, 'ccp', ALONE)).toMatchObject({ kind: 'granted' });
        await lapsed();
      }
    });

    it('an accepted message is settled for good', async () => {
      await ledger.reserve(id, 'ccp', LONG);
      const accepted = answer('accepted', { providerMessageId: 'm1' });
      await ledger.settle(id, accepted);
      await ledger.settle(id, answer('unknown'));
      await ledger.settle(id, answer('rejected', { n: 1 }));

      expect(await ledger.reserve(id, 'ccp', LONG)).toEqual({ kind: 'settled', answer: accepted });
      expect(await ledger.find(id)).toEqual(accepted);
    });

    it('after a rejection the next request is a new one, at whichever company', async () => {
      await ledger.reserve(id, 'ccp', LONG);
      await ledger.settle(
        id,
        answer('rejected', { errorClass: 'RETRYABLE', errorScope: 'provider', errorCode: '160050' }),
      );

      expect(await ledger.reserve(id, 'other', LONG)).toEqual({ kind: 'granted', provider: 'other', n: 1 });
      expect(await ledger.reserve(id, 'ccp', LONG)).toEqual({ kind: 'busy', leftMs: expect.any(Number) });
    });

    it('an unknown outcome may be repeated only where the company refuses duplicates', async () => {
      await ledger.reserve(id, 'ccp', LONG);
      await ledger.settle(id, answer('unknown', { askAgain: true, errorCode: 'aborted' }));
      expect(await ledger.reserve(id, 'other', LONG)).toEqual({
        kind: 'granted',
        provider: 'ccp',
        n: 0,
        repeats: 'unknown',
      });

      const unguarded = answer('unknown', { askAgain: false, errorCode: 'aborted' });
      await ledger.settle(id, unguarded);
      expect(await ledger.reserve(id, 'other', LONG)).toEqual({ kind: 'settled', answer: unguarded });
    });

    it('a late answer to an earlier request changes nothing', async () => {
      await ledger.reserve(id, 'ccp', LONG);
      await ledger.settle(id, answer('rejected'));
      await ledger.reserve(id, 'ccp', LONG);
      await ledger.settle(id, answer('rejected', { n: 0, errorCode: 'late' }));

      expect(await ledger.find(id)).toBe('reserved');
    });

    it('a late acceptance of an earlier request counts: the company has the text', async () => {
      await ledger.reserve(id, 'ccp', LONG);
      await ledger.settle(id, answer('rejected'));
      await ledger.reserve(id, 'ccp', LONG);
      await ledger.settle(id, answer('accepted', { n: 0 }));
      await ledger.settle(id, answer('rejected', { n: 1 }));

      expect(await ledger.find(id)).toMatchObject({ state: 'accepted', n: 0 });
    });

    it('knows nothing of a message that nobody reserved', async () => {
      expect(await ledger.find(id)).toBeUndefined();
    });

    it('an answer whose reservation was lost with the store is kept all the same', async () => {
      await ledger.settle(id, answer('accepted'));

      expect(await ledger.reserve(id, 'ccp', LONG)).toMatchObject({ kind: 'settled' });
    });
  });
}
