import { randomUUID } from 'node:crypto';
import { until } from '../../../../test/support/until.js';
import type { DeliveryLedger, LedgerAnswer, Reservation, ReserveOptions } from '@app/sms-provider';

/** What every ledger promises. */
export function deliveryLedgerSuite(name: string, create: () => DeliveryLedger): void {
  describe(`delivery ledger: ${name}`, () => {
    const LONG = { leaseMs: 15_000, beside: 'any' } as const;
    const SHORT = { leaseMs: 30, beside: 'any' } as const;
    const AMONG_FEW = { leaseMs: 30, beside: 'few' } as const;
    const ALONE = { leaseMs: 30, beside: 'none' } as const;
    /** Each caller is another one, unless a test says who. */
    const reserve = async (provider: string, options: Omit<ReserveOptions, 'token'>, token: string = randomUUID()) => {
      const reservation = await ledger.reserve(id, provider, { ...options, token });
      if (reservation.kind === 'granted') holder = token;
      return reservation;
    };
    const settle = (answer: LedgerAnswer, token: string = holder) => ledger.settle(id, answer, token);
    const granted = (more: Partial<Reservation> = {}) => ({
      kind: 'granted',
      provider: 'ccp',
      n: 0,
      token: expect.any(String),
      ...more,
    });
    const lapsed = () => until('the lease is over', 5, async () => (await ledger.find(id)) === 'abandoned');
    const answer = (state: LedgerAnswer['state'], more: Partial<LedgerAnswer> = {}): LedgerAnswer => ({
      state,
      provider: 'ccp',
      n: 0,
      ...more,
    });
    const dieTwice = async () => {
      for (const options of [SHORT, AMONG_FEW]) {
        await reserve('ccp', options);
        await lapsed();
      }
    };
    let ledger: DeliveryLedger;
    let holder: string;
    let id: string;
    beforeEach(() => {
      ledger = create();
      id = randomUUID();
    });

    it('grants an unknown message once, and calls it busy while the lease lives', async () => {
      expect(await reserve('ccp', LONG)).toEqual(granted());
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
      expect(await reserve('ccp', { leaseMs: 2000, beside: 'any' }, 'a')).toEqual(granted());
      expect(await reserve('other', LONG, 'a')).toEqual(granted({ token: 'a' }));

      const { leftMs } = (await reserve('ccp', LONG, 'b')) as { leftMs: number };
      expect(leftMs).toBeGreaterThan(2000);
    });

    it('also when its lease is over: who asks is not dead', async () => {
      await reserve('ccp', SHORT, 'a');
      await lapsed();

      expect(await reserve('ccp', LONG, 'a')).toEqual(granted({ token: 'a' }));
    });

    it('and is told of an earlier request once more', async () => {
      await reserve('ccp', LONG);
      await settle(answer('unknown', { askAgain: true }));

      for (let tries = 0; tries < 2; tries++)
        expect(await reserve('ccp', LONG, 'a')).toEqual(granted({ token: 'a', repeats: 'unknown' }));
    });

    it('after a crash the very request is granted again, at the company that was asked, to one caller', async () => {
      await reserve('ccp', SHORT);
      await lapsed();

      const reservations = await Promise.all(
        Array.from({ length: 20 }, () => reserve('other', { ...LONG, beside: 'few' })),
      );

      expect(reservations.filter(({ kind }) => kind !== 'busy')).toEqual([granted({ repeats: 'crash' })]);
    });

    it('a message whose holder died is a suspect, which who handles a few of them may have', async () => {
      await reserve('ccp', SHORT);
      await lapsed();

      expect(await reserve('ccp', LONG)).toEqual({ kind: 'suspect', beside: 'few' });
      expect(await reserve('ccp', AMONG_FEW)).toMatchObject({ kind: 'granted', repeats: 'crash' });
    });

    it('after a second death only who handles no other may have it', async () => {
      await dieTwice();

      for (const options of [LONG, AMONG_FEW])
        expect(await reserve('ccp', options)).toEqual({ kind: 'suspect', beside: 'none' });
      expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted', repeats: 'crash' });
    });

    it('who handles no other may have it after the first death too', async () => {
      await reserve('ccp', SHORT);
      await lapsed();

      expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted', repeats: 'crash' });
      await lapsed();
      expect(await reserve('ccp', AMONG_FEW)).toEqual({ kind: 'suspect', beside: 'none' });
    });

    it('three deaths of who handled no other make it poison; the deaths among others are no strikes', async () => {
      await dieTwice();
      for (let strike = 0; strike < 3; strike++) {
        expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted' });
        await lapsed();
      }

      expect(await reserve('ccp', ALONE)).toEqual({ kind: 'poison' });
      expect(await reserve('ccp', ALONE)).toEqual({ kind: 'poison' });
    });

    it('an answer takes its strikes away', async () => {
      await dieTwice();
      for (let strike = 0; strike < 2; strike++) {
        await reserve('ccp', ALONE);
        await lapsed();
      }
      await reserve('ccp', ALONE);
      await settle(answer('rejected'));

      await dieTwice();
      for (let strike = 0; strike < 3; strike++) {
        expect(await reserve('ccp', ALONE)).toMatchObject({ kind: 'granted' });
        await lapsed();
      }
    });

    it('an accepted message is settled for good', async () => {
      await reserve('ccp', LONG);
      const accepted = answer('accepted', { providerMessageId: 'm1' });
      await settle(accepted);
      await settle(answer('unknown'));
      await settle(answer('rejected', { n: 1 }));

      expect(await reserve('ccp', LONG)).toEqual({ kind: 'settled', answer: accepted });
      expect(await ledger.find(id)).toEqual(accepted);
    });

    it('after a rejection the next request is a new one, at whichever company', async () => {
      await reserve('ccp', LONG);
      await settle(answer('rejected', { errorClass: 'RETRYABLE', errorScope: 'provider', errorCode: '160050' }));

      expect(await reserve('other', LONG)).toEqual(granted({ provider: 'other', n: 1 }));
      expect(await reserve('ccp', LONG)).toEqual({ kind: 'busy', leftMs: expect.any(Number) });
    });

    it('an unknown outcome may be repeated only where the company refuses duplicates', async () => {
      await reserve('ccp', LONG);
      await settle(answer('unknown', { askAgain: true, errorCode: 'aborted' }));
      expect(await reserve('other', LONG)).toEqual(granted({ repeats: 'unknown' }));

      const unguarded = answer('unknown', { askAgain: false, errorCode: 'aborted' });
      await settle(unguarded);
      expect(await reserve('other', LONG)).toEqual({ kind: 'settled', answer: unguarded });
    });

    it('a late answer to an earlier request changes nothing', async () => {
      await reserve('ccp', LONG, 'first');
      await settle(answer('rejected'));
      await reserve('ccp', LONG);

      expect(await settle(answer('rejected', { errorCode: 'late' }), 'first')).toBe(false);
      expect(await ledger.find(id)).toBe('reserved');
    });

    it('whoever was taken for dead settles nothing for who has repeated the request, but an acceptance', async () => {
      await reserve('ccp', SHORT, 'taken for dead');
      await lapsed();
      await reserve('ccp', { ...LONG, beside: 'few' }, 'alive');

      for (const state of ['rejected', 'unknown'] as const)
        expect(await settle(answer(state), 'taken for dead')).toBe(false);
      expect(await ledger.find(id)).toBe('reserved');
      expect(await settle(answer('accepted'), 'taken for dead')).toBe(true);
      expect(await settle(answer('rejected'), 'alive')).toBe(false);
      expect(await settle(answer('accepted'), 'alive')).toBe(true);
    });

    it('nor does anybody else, and who has it may say so again', async () => {
      await reserve('ccp', LONG);

      expect(await settle(answer('rejected'), 'nobody')).toBe(false);
      expect(await ledger.settle(id, answer('unknown'))).toBe(false);
      for (let tries = 0; tries < 2; tries++) expect(await settle(answer('rejected'))).toBe(true);
    });

    it('a late acceptance of an earlier request counts: the company has the text', async () => {
      await reserve('ccp', LONG);
      await settle(answer('rejected'));
      await reserve('ccp', LONG);
      await settle(answer('accepted', { n: 0 }));
      await settle(answer('rejected', { n: 1 }));

      expect(await ledger.find(id)).toMatchObject({ state: 'accepted', n: 0 });
    });

    it('a request whose maker died can be given up: unknown for good, whoever comes', async () => {
      await reserve('ccp', SHORT, 'dead');
      await lapsed();
      const unknown = answer('unknown', { errorCode: 'worker-died' });

      for (let tries = 0; tries < 2; tries++) expect(await ledger.giveUp(id, 'worker-died')).toEqual(unknown);

      expect(await ledger.find(id)).toEqual(unknown);
      expect(await reserve('other', LONG)).toEqual({ kind: 'settled', answer: unknown });
      expect(await settle(answer('rejected'), 'dead')).toBe(false);
      expect(await settle(answer('accepted'), 'dead')).toBe(true);
      expect(await ledger.giveUp(id, 'worker-died')).toBeUndefined();
    });

    it('nothing else can: not what somebody has, nor what was rejected, nor what may be asked again', async () => {
      expect(await ledger.giveUp(id, 'worker-died')).toBeUndefined();
      await reserve('ccp', LONG);
      expect(await ledger.giveUp(id, 'worker-died')).toBeUndefined();
      await settle(answer('rejected'));
      expect(await ledger.giveUp(id, 'worker-died')).toBeUndefined();
      await reserve('ccp', LONG);
      await settle(answer('unknown', { n: 1, askAgain: true }));
      expect(await ledger.giveUp(id, 'worker-died')).toBeUndefined();
    });

    it('knows nothing of a message that nobody reserved', async () => {
      expect(await ledger.find(id)).toBeUndefined();
    });

    it('an answer whose reservation was lost with the store is kept all the same', async () => {
      await settle(answer('accepted'));

      expect(await reserve('ccp', LONG)).toMatchObject({ kind: 'settled' });
    });
  });
}
