import { randomInt } from 'node:crypto';
import {
  after,
  guess,
  newNumberHash,
  NOON,
  outcome,
  sampleSend,
  sampleVerification,
  textOf,
} from '../../../../test/gateway/samples.js';
import { LimitSettings } from '../limits/limits.config.js';
import type { Send } from '../delivery/send.js';
import type { NumberGuess } from './check-by-number.js';
import type { Guess } from './transitions.js';
import type { VerificationStore } from './verification-store.js';
import { keyOf, newestFirst, type Listed, type ListFilter } from './verification-list.js';
import { KEPT_AFTER_END_MS, statusAt, type Verification, type VerificationStatus } from './verification.js';

/** The limits of a gateway that was told nothing: the first cooldowns of a number are 60 s. */
const LIMITS = { ...new LimitSettings(), cooldownSeconds: 60 };
const KEPT = KEPT_AFTER_END_MS / 1000;
const times = <T>(count: number, action: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => action(index));
const kinds = (answers: { kind: string }[]) =>
  Object.fromEntries(
    [...new Set(answers.map(({ kind }) => kind))].map((kind) => [kind, answers.filter((a) => a.kind === kind).length]),
  );

/** What every VerificationStore promises. */
export function verificationStoreSuite(name: string, createStore: () => VerificationStore): void {
  describe(`${name}: a verification store`, () => {
    let store: VerificationStore;
    beforeAll(() => {
      store = createStore();
    });

    const open = (verification: Verification, now: Date) =>
      store.open(verification, textOf(verification, verification.sends[0]!), LIMITS, now);
    const resend = (verification: Verification, send: Send, now: Date) =>
      store.resend(verification, send, textOf(verification, send), LIMITS, now);

    const check = (id: string, its: Guess, now: Date) => store.check(id, its, LIMITS, now);

    async function opened(options: Parameters<typeof sampleVerification>[1] = {}, code = '123456', ttlSeconds = 300) {
      const send = sampleSend(code, NOON, ttlSeconds);
      const verification = sampleVerification(send, options);
      expect(await open(verification, NOON)).toMatchObject({ kind: 'opened' });
      return { id: verification.id, verification, send };
    }

    describe('open', () => {
      it('keeps all of a verification', async () => {
        const { id, verification } = await opened({ metadata: { order: '77', 名: '张' } });
        expect(await store.find(id, NOON)).toEqual(verification);
      });

      it('refuses a second one for the number until the cooldown has passed, and keeps nothing of it', async () => {
        const { verification } = await opened();
        const { numberHash } = verification;
        const second = sampleVerification(sampleSend('222222'), { numberHash });

        expect(await open(second, after(59.999))).toEqual({
          kind: 'limited',
          history: {
            texts: [NOON.getTime()],
            failedChecks: [],
            approvedAt: 0,
            pending: [{ id: verification.id, service: 'default', expiresAt: after(300).getTime() }],
          },
        });
        expect(await store.find(second.id, NOON)).toBeUndefined();
        expect(await open(second, after(60))).toMatchObject({ kind: 'opened' });
      });

      it('lets one of a hundred at once through', async () => {
        const numberHash = newNumberHash();
        const answers = await Promise.all(
          times(100, () => open(sampleVerification(sampleSend('123456'), { numberHash }), NOON)),
        );
        expect(kinds(answers)).toEqual({ opened: 1, limited: 99 });
      });

      it('leaves an earlier verification of the number alone', async () => {
        const first = await opened();
        const { numberHash } = first.verification;
        await open(sampleVerification(sampleSend('222222', after(60)), { numberHash }), after(60));
        expect(await check(first.id, guess('123456'), after(61))).toMatchObject({ kind: 'correct' });
      });

      it('tells what the number did, and forgets it after 24 hours', async () => {
        const { verification } = await opened();
        const { numberHash } = verification;
        expect(await store.history(numberHash, after(300))).toEqual({
          texts: [NOON.getTime()],
          failedChecks: [],
          approvedAt: 0,
          pending: [],
        });
        expect(await store.history(numberHash, after(KEPT - 0.001))).toMatchObject({ texts: [NOON.getTime()] });
        expect(await store.history(numberHash, after(KEPT))).toMatchObject({ texts: [] });
        expect(await store.history(newNumberHash(), NOON)).toEqual({
          texts: [],
          failedChecks: [],
          approvedAt: 0,
          pending: [],
        });
      });
    });

    describe('check', () => {
      it('approves with the right code, once', async () => {
        const { id } = await opened();
        const answer = await check(id, guess('123456'), after(10));
        expect(answer).toMatchObject({
          kind: 'correct',
          verification: { status: 'approved', checksUsed: 1, endedAt: after(10).getTime() },
        });
        expect(await check(id, guess('123456'), after(11))).toMatchObject({
          kind: 'not_pending',
          verification: { status: 'approved', checksUsed: 1 },
        });
      });

      it('counts wrong codes and ends with the last one', async () => {
        const { id } = await opened({ maxChecks: 3 });
        for (const used of [1, 2])
          expect(await check(id, guess('000000'), NOON)).toMatchObject({
            kind: 'incorrect',
            verification: { status: 'pending', checksUsed: used },
          });
        expect(await check(id, guess('000000'), NOON)).toMatchObject({
          kind: 'incorrect',
          verification: { status: 'max_attempts_reached', checksUsed: 3 },
        });
        expect(await check(id, guess('123456'), NOON)).toMatchObject({ kind: 'not_pending' });
      });

      it('approves with the last check too', async () => {
        const { id } = await opened({ maxChecks: 2 });
        await check(id, guess('000000'), NOON);
        expect(await check(id, guess('123456'), NOON)).toMatchObject({
          kind: 'correct',
          verification: { status: 'approved' },
        });
      });

      it('takes no attempt for a code of another length', async () => {
        const { id } = await opened();
        expect(await check(id, guess('1234567'), NOON)).toMatchObject({
          kind: 'malformed',
          verification: { checksUsed: 0 },
        });
        expect(await store.find(id, NOON)).toMatchObject({ checksUsed: 0, status: 'pending' });
      });

      it('S5 compares exactly five of two hundred wrong ones at once', async () => {
        const { id } = await opened();
        const answers = await Promise.all(times(200, () => check(id, guess('000000'), NOON)));
        expect(kinds(answers)).toEqual({ incorrect: 5, not_pending: 195 });
        expect(await store.find(id, NOON)).toMatchObject({ status: 'max_attempts_reached', checksUsed: 5 });
      });

      it('S4 approves exactly once for a hundred right ones at once', async () => {
        const { id } = await opened();
        const answers = await Promise.all(times(100, () => check(id, guess('123456'), NOON)));
        expect(kinds(answers)).toEqual({ correct: 1, not_pending: 99 });
      });

      it('S7 never takes the code of another verification', async () => {
        await opened({}, '111111');
        const { id } = await opened({}, '222222');
        expect(await check(id, guess('111111'), NOON)).toMatchObject({ kind: 'incorrect' });
      });

      it('knows no verification that was never opened', async () => {
        const { id } = sampleVerification(sampleSend('123456'));
        expect(await check(id, guess('123456'), NOON)).toEqual({ kind: 'missing' });
      });
    });

    describe('a key that the guess lacks', () => {
      const lacking = (code: string) => ({ ...guess(code), hashes: { h9: 'hash under another key' } });

      it('compares nothing, uses up no attempt, and counts no failed check', async () => {
        const { id, verification } = await opened();
        for (const code of ['123456', '000000'])
          expect(await check(id, lacking(code), NOON)).toEqual({ kind: 'key_missing', verification });
        expect(await store.find(id, NOON)).toEqual(verification);
        expect(await store.history(verification.numberHash, NOON)).toMatchObject({ failedChecks: [] });
        expect(await check(id, guess('123456'), NOON)).toMatchObject({ kind: 'correct' });
      });

      it('is no matter where another code that works has one: that one is compared', async () => {
        const { id, verification } = await opened();
        const second = { ...sampleSend('222222', after(60)), codeKeyId: 'h2', codeHash: 'of 222222 under h2' };
        await resend(verification, second, after(60));
        const typed = { ...guess('222222'), hashes: { h2: 'of 222222 under h2' } };
        expect(await check(id, { ...typed, hashes: { h2: 'of another' } }, after(61))).toMatchObject({
          kind: 'incorrect',
          verification: { checksUsed: 1 },
        });
        expect(await check(id, lacking('222222'), after(299))).toMatchObject({ kind: 'key_missing' });
        expect(await check(id, guess('123456'), after(300))).toMatchObject({ kind: 'key_missing' }); // that code is dead
        expect(await check(id, typed, after(301))).toMatchObject({ kind: 'correct' });
      });

      it('by number: those that lack it are left out, and where all do nothing is compared', async () => {
        const { verification: first } = await opened();
        const { numberHash } = first;
        const codeOfSecond = { codeKeyId: 'h2', codeHash: 'of 222222 under h2' };
        const second = sampleVerification({ ...sampleSend('222222', after(60)), ...codeOfSecond }, { numberHash });
        await open(second, after(60));
        const ask = (hashes: Record<string, string>) => {
          const typed = { service: 'default', purpose: 'login', length: 6, hashesOf: () => hashes };
          return store.checkByNumber(numberHash, typed, LIMITS, after(61));
        };
        expect(await ask({ h9: 'x' })).toEqual({ kind: 'key_missing', verification: second });
        expect(await ask({ h2: 'x' })).toMatchObject({ kind: 'incorrect', verification: { id: second.id } });
        expect(await store.find(first.id, after(61))).toEqual(first);
        expect(await ask({ h9: 'x', ...guess('123456').hashes })).toMatchObject({
          kind: 'correct',
          verification: { id: first.id },
        });
      });
    });

    describe('adopt', () => {
      const at = (seconds: number) => after(seconds).getTime();

      it('counts what a number did under another name, once however often it is told', async () => {
        const { verification } = await opened();
        const { numberHash } = verification;
        const pending = [{ id: 'vrf_elsewhere', service: 'default', expiresAt: at(900) }];
        const other = { texts: [at(-600), at(0)], failedChecks: [at(-5), at(-5)], approvedAt: at(-300), pending };
        for (let n = 0; n < 2; n++) await store.adopt(numberHash, other, after(1));
        await store.adopt(numberHash, { ...other, failedChecks: [at(-5)], approvedAt: 0 }, after(1));
        expect(await store.history(numberHash, after(1))).toEqual({
          texts: [at(-600), at(0)],
          failedChecks: [at(-5), at(-5)],
          approvedAt: at(-300),
          pending: [{ id: verification.id, service: 'default', expiresAt: at(300) }],
        });
      });

      it('makes the limits of the number hold', async () => {
        const numberHash = newNumberHash();
        await store.adopt(numberHash, { texts: [at(-1)], failedChecks: [], approvedAt: 0, pending: [] }, NOON);
        const verification = sampleVerification(sampleSend('123456'), { numberHash });
        expect(await open(verification, after(58.999))).toMatchObject({ kind: 'limited' });
        expect(await open(verification, after(59))).toMatchObject({ kind: 'opened' });
      });
    });

    describe('of another service', () => {
      it('a verification is missing, and neither a right nor a wrong code nor a cancel touches it', async () => {
        const { id, verification } = await opened();
        const stranger = { ...guess('123456'), service: 'bank' };
        expect(await check(id, stranger, NOON)).toEqual({ kind: 'missing' });
        expect(await check(id, { ...guess('000000'), service: 'bank' }, NOON)).toEqual({ kind: 'missing' });
        expect(await store.cancel(id, 'bank', NOON)).toEqual({ kind: 'missing' });
        expect(await store.find(id, NOON)).toEqual(verification);
      });
    });

    describe('time', () => {
      it('expires a verification at its very moment', async () => {
        const { id } = await opened();
        expect(await check(id, guess('000000'), after(299.999))).toMatchObject({ kind: 'incorrect' });
        const late = await check(id, guess('123456'), after(300));
        expect(late).toMatchObject({ kind: 'not_pending' });
        expect(late.kind === 'not_pending' && statusAt(late.verification, after(300))).toBe('expired');
      });

      it('forgets 24 hours after the end', async () => {
        const { id } = await opened();
        expect(await store.find(id, after(300 + KEPT - 1))).toMatchObject({ id });
        expect(await store.find(id, after(300 + KEPT))).toBeUndefined();
        const ended = await opened();
        await store.cancel(ended.id, 'default', after(10));
        expect(await store.find(ended.id, after(10 + KEPT - 1))).toMatchObject({ status: 'canceled' });
        expect(await store.cancel(ended.id, 'default', after(10 + KEPT))).toEqual({ kind: 'missing' });
      });
    });

    describe('list', () => {
      let service: string;
      beforeEach(() => {
        service = `of-${newNumberHash().slice(0, 12)}`;
      });
      /** Of numbers of their own, each at its second. */
      async function openAll(seconds: readonly number[], more: Parameters<typeof sampleVerification>[1] = {}) {
        const all = seconds.map((at) => sampleVerification(sampleSend('123456', after(at)), { service, ...more }));
        for (const [n, verification] of all.entries())
          expect(await open(verification, after(seconds[n]!))).toMatchObject({ kind: 'opened' });
        return all;
      }
      /** Pages until there are no more, and how long each was. */
      async function pages(filter: Partial<ListFilter>, limit: number, now: Date) {
        const shown: Verification[] = [];
        const lengths: number[] = [];
        let last: Listed['last'];
        do {
          const page = await store.list({ service, ...filter }, { limit, after: last }, now);
          expect(page.verifications.length).toBeLessThanOrEqual(limit);
          shown.push(...page.verifications);
          lengths.push(page.verifications.length);
          last = page.last;
        } while (last);
        return { shown, lengths };
      }
      const ids = (verifications: readonly Verification[]) => verifications.map(({ id }) => id);
      const newest = (verifications: readonly Verification[]) =>
        ids([...verifications].sort((a, b) => newestFirst(keyOf(a), keyOf(b))));

      it.each([1, 7, 200])(
        'shows each once, the newest first, %i a page, though many are of one moment',
        async (limit) => {
          const all = await openAll(times(23, (n) => Math.floor(n / 5)));
          const { shown, lengths } = await pages({}, limit, after(10));
          expect(ids(shown)).toEqual(newest(all));
          expect(lengths).toHaveLength(Math.ceil(23 / limit));
          expect(shown[0]).toEqual(await store.find(shown[0]!.id, after(10)));
        },
      );

      it('shows what starts between two pages on neither or at the top, and moves nothing', async () => {
        const all = await openAll([0, 1, 2, 3]);
        const first = await store.list({ service }, { limit: 2 }, after(5));
        await openAll([4]);
        const second = await store.list({ service }, { limit: 2, after: first.last }, after(5));
        expect(ids([...first.verifications, ...second.verifications])).toEqual(newest(all));
      });

      it("names nobody else's verification of the number where the next page begins", async () => {
        const numberHash = newNumberHash();
        const often = { ...LIMITS, cooldownSeconds: 1, cooldownMaxSeconds: 1 };
        const unlimited = { ...often, numberPending: 0, numberPerHour: 0, numberPerDay: 0 };
        const all = times(210, (n) =>
          sampleVerification(sampleSend('123456', after(2 * n)), {
            numberHash,
            service: n < 3 || n === 205 ? service : 'another',
          }),
        );
        for (const [n, one] of all.entries())
          expect(await store.open(one, textOf(one, one.sends[0]!), unlimited, after(2 * n))).toMatchObject({
            kind: 'opened',
          });
        const own = newest(all.filter((one) => one.service === service));
        const now = after(420);
        const shown: string[] = [];
        let last: Listed['last'];
        do {
          const page = await store.list({ service, numberHash }, { limit: 10, after: last }, now);
          shown.push(...ids(page.verifications));
          last = page.last;
          if (last) expect(['~', ...own]).toContain(last.id);
        } while (last);
        expect(shown).toEqual(own);
      });

      it('filters by number, of which it shows the service its own', async () => {
        const numberHash = newNumberHash();
        const mine = await openAll([0, 60], { numberHash });
        await openAll([120], { numberHash, service: 'another' });
        await openAll([120]);
        expect(ids((await pages({ numberHash }, 1, after(120))).shown)).toEqual(newest(mine));
        expect(await pages({ numberHash: newNumberHash() }, 5, after(120))).toMatchObject({ shown: [] });
      });

      it('filters by status as it is now', async () => {
        const [old, approved, canceled, pending] = await openAll([0, 60, 120, 180]);
        await check(approved!.id, { ...guess('123456'), service }, after(200));
        await store.cancel(canceled!.id, service, after(200));
        const of = async (status: VerificationStatus, now = after(310)) => ids((await pages({ status }, 1, now)).shown);
        expect(await of('expired')).toEqual([old!.id]);
        expect(await of('approved')).toEqual([approved!.id]);
        expect(await of('canceled')).toEqual([canceled!.id]);
        expect(await of('pending')).toEqual([pending!.id]);
        expect(await of('pending', after(299))).toEqual([pending!.id, old!.id]);
        expect(await of('undeliverable')).toEqual([]);
      });

      it('filters by creation, later than a moment', async () => {
        const [, at, later] = await openAll([0, 1, 2]);
        expect(ids((await pages({ createdAfter: at!.createdAt }, 5, after(3))).shown)).toEqual([later!.id]);
        const after1 = { limit: 5, after: keyOf(at!) };
        expect(await store.list({ service, createdAfter: at!.createdAt }, after1, after(3))).toEqual({
          verifications: [],
          last: undefined,
        });
      });

      it('shows them to no other service', async () => {
        await openAll([0]);
        expect(await pages({ service: 'another-one' }, 5, NOON)).toMatchObject({ shown: [] });
      });

      it('forgets what is forgotten', async () => {
        const [early, late] = await openAll([0, 100]);
        await store.cancel(late!.id, service, after(110));
        expect(ids((await pages({}, 5, after(110 + KEPT - 0.001))).shown)).toEqual([late!.id, early!.id]);
        expect(ids((await pages({}, 5, after(110 + KEPT))).shown)).toEqual([early!.id]);
        expect((await pages({}, 5, after(300 + KEPT))).shown).toEqual([]);
      });
    });

    describe('erase', () => {
      /** Two of `default` and one of `shop`, a minute apart. */
      async function three() {
        const numberHash = newNumberHash();
        const all = ['default', 'default', 'shop'].map((service, n) =>
          sampleVerification(sampleSend('123456', after(60 * n)), { numberHash, service }),
        );
        for (const [n, verification] of all.entries())
          expect(await open(verification, after(60 * n))).toMatchObject({ kind: 'opened' });
        const left = async () => (await Promise.all(all.map(({ id }) => store.find(id, after(130))))).map(Boolean);
        return { numberHash, all, left };
      }

      it('forgets the verifications of a service, with their texts, and leaves those of another', async () => {
        const { numberHash, all, left } = await three();
        expect(await store.erase(numberHash, 'default', after(130))).toEqual({ verifications: 2, texts: 2 });
        expect(await left()).toEqual([false, false, true]);
        const listed = await store.list({ service: 'default', numberHash }, { limit: 10 }, after(130));
        expect(listed.verifications).toEqual([]);
        expect(await check(all[0]!.id, guess('123456'), after(130))).toEqual({ kind: 'missing' });
        expect(await store.noteOutcome(all[0]!.id, outcome('sms.accepted', all[0]!.sends[0]!), after(130))).toEqual({
          kind: 'missing',
        });
        expect(await store.erase(numberHash, 'default', after(130))).toEqual({ verifications: 0, texts: 0 });
      });

      it('forgets those of all services', async () => {
        const { numberHash, all, left } = await three();
        await store.cancel(all[0]!.id, 'default', after(125));
        expect(await store.erase(numberHash, undefined, after(130))).toEqual({ verifications: 3, texts: 2 });
        expect(await left()).toEqual([false, false, false]);
      });

      it('leaves moments, and places for new ones', async () => {
        const { numberHash, all } = await three();
        await check(all[0]!.id, guess('000000'), after(125));
        await store.erase(numberHash, 'default', after(130));
        expect(await store.history(numberHash, after(130))).toEqual({
          texts: [0, 60, 120].map((seconds) => after(seconds).getTime()),
          failedChecks: [after(125).getTime()],
          approvedAt: 0,
          pending: [{ id: all[2]!.id, service: 'shop', expiresAt: all[2]!.expiresAt }],
        });
        expect(await store.history(numberHash, after(120 + KEPT))).toMatchObject({ texts: [] });
      });

      it('finds nothing of a number that it does not know', async () => {
        expect(await store.erase(newNumberHash(), undefined, NOON)).toEqual({ verifications: 0, texts: 0 });
      });
    });

    describe('check by number', () => {
      const byNumber = (code: string, more: Partial<NumberGuess> = {}): NumberGuess => ({
        ...{ service: 'default', purpose: 'login', length: code.length, hashesOf: () => guess(code).hashes },
        ...more,
      });
      const checkNumber = (numberHash: string, its: NumberGuess, now: Date, limits = LIMITS) =>
        store.checkByNumber(numberHash, its, limits, now);
      /** Pending ones of one number, a minute apart; the codes are 111111, 222222, … */
      async function several(...options: Parameters<typeof sampleVerification>[1][]) {
        const numberHash = newNumberHash();
        const all: Verification[] = [];
        for (const [n, more] of options.entries()) {
          const send = sampleSend(String(n + 1).repeat(more?.codeLength ?? 6), after(60 * n));
          const verification = sampleVerification(send, { numberHash, ...more });
          expect(await open(verification, after(60 * n))).toMatchObject({ kind: 'opened' });
          all.push(verification);
        }
        const now = after(60 * (options.length - 1));
        const found = () => Promise.all(all.map(({ id }) => store.find(id, now)));
        return { numberHash, all, now, found };
      }
      const of = (verifications: (Verification | undefined)[]) =>
        verifications.map((one) => [one?.status, one?.checksUsed]);

      it.each([0, 1, 2])(
        'approves the one of three that the code belongs to, and costs the others nothing',
        async (n) => {
          const { numberHash, all, now, found } = await several({}, {}, {});
          const code = String(n + 1).repeat(6);
          expect(await checkNumber(numberHash, byNumber(code), now)).toEqual({
            kind: 'correct',
            verification: expect.objectContaining({
              id: all[n]!.id,
              status: 'approved',
              checksUsed: 1,
              endedAt: now.getTime(),
            }),
          });
          const wanted = all.map((_, other) => (other === n ? ['approved', 1] : ['pending', 0]));
          expect(of(await found())).toEqual(wanted);
          const history = await store.history(numberHash, now);
          expect(history).toMatchObject({ failedChecks: [], approvedAt: now.getTime() });
          expect(history.pending).toHaveLength(2);
          expect(await checkNumber(numberHash, byNumber(code), now)).toMatchObject({ kind: 'incorrect' });
        },
      );

      it('a miss costs each an attempt and the number one failed check, and answers with the one texted last', async () => {
        const { numberHash, all, now, found } = await several({}, {}, {});
        expect(await checkNumber(numberHash, byNumber('999999'), now)).toEqual({
          kind: 'incorrect',
          verification: (await found())[2],
        });
        expect(of(await found())).toEqual(times(3, () => ['pending', 1]));
        expect(await store.history(numberHash, now)).toMatchObject({ failedChecks: [now.getTime()] });
        await resend(all[0]!, sampleSend('444444', after(180)), after(180));
        expect(await checkNumber(numberHash, byNumber('999999'), after(180))).toMatchObject({
          verification: { id: all[0]!.id, checksUsed: 2 },
        });
      });

      it('means those of its service and purpose whose codes are as long, and no others', async () => {
        const { numberHash, now, found } = await several(
          { service: 'shop' },
          { purpose: 'pay' },
          { codeLength: 8 },
          {},
        );
        expect(await checkNumber(numberHash, byNumber('999999'), now)).toMatchObject({ kind: 'incorrect' });
        expect(of(await found()).map(([, used]) => used)).toEqual([0, 0, 0, 1]);
        expect(await checkNumber(numberHash, byNumber('111111'), now)).toMatchObject({ kind: 'incorrect' });
        expect(await checkNumber(numberHash, byNumber('33333333'), now)).toMatchObject({ kind: 'correct' });
        expect(await checkNumber(numberHash, byNumber('222222', { purpose: 'pay' }), now)).toMatchObject({
          kind: 'correct',
        });
        expect(of(await found())).toEqual([
          ['pending', 0],
          ['approved', 1],
          ['approved', 1],
          ['pending', 2],
        ]);
      });

      it('is missing where none is pending', async () => {
        expect(await checkNumber(newNumberHash(), byNumber('111111'), NOON)).toEqual({ kind: 'missing' });
        const { numberHash, all, now } = await several({});
        for (const more of [{ service: 'shop' }, { purpose: 'pay' }])
          expect(await checkNumber(numberHash, byNumber('111111', more), now)).toEqual({ kind: 'missing' });
        expect(await checkNumber(numberHash, byNumber('111111'), after(300))).toEqual({ kind: 'missing' });
        await store.cancel(all[0]!.id, 'default', now);
        expect(await checkNumber(numberHash, byNumber('111111'), now)).toEqual({ kind: 'missing' });
      });

      it('what no code of any of them is uses up nothing', async () => {
        const { numberHash, now, found } = await several({}, {});
        for (const code of ['', '12345', '1234567'])
          expect(await checkNumber(numberHash, byNumber(code), now)).toMatchObject({ kind: 'malformed' });
        expect(of(await found())).toEqual(times(2, () => ['pending', 0]));
        expect(await store.history(numberHash, now)).toMatchObject({ failedChecks: [] });
      });

      it('of 200 wrong ones at once each verification has its five compared, and ends', async () => {
        const { numberHash, now, found } = await several({}, { maxChecks: 7 });
        const answers = await Promise.all(
          times(200, () => checkNumber(numberHash, byNumber('999999'), now, { ...LIMITS, checkWaitSeconds: 0 })),
        );
        expect(kinds(answers)).toEqual({ incorrect: 7, missing: 193 });
        expect(of(await found())).toEqual([
          ['max_attempts_reached', 5],
          ['max_attempts_reached', 7],
        ]);
        expect(await store.history(numberHash, now)).toMatchObject({
          pending: [],
          failedChecks: times(7, () => now.getTime()),
        });
      });

      it('of 100 right ones at once one approves', async () => {
        const { numberHash, now } = await several({});
        const answers = await Promise.all(times(100, () => checkNumber(numberHash, byNumber('111111'), now)));
        expect(kinds(answers)).toEqual({ correct: 1, missing: 99 });
      });

      it('the limits hold for each: a trusted one has its reserve, and one that must wait is left out', async () => {
        const limits = { ...LIMITS, checksPerDay: 2, checksTrusted: 1, checkWaitSeconds: 0 };
        const { numberHash, now, found } = await several({ trusted: true }, {});
        for (let n = 0; n < 2; n++) await checkNumber(numberHash, byNumber('999999'), now, limits);
        expect(await checkNumber(numberHash, byNumber('222222'), now, limits)).toMatchObject({ kind: 'incorrect' });
        expect(of(await found())).toEqual([
          ['pending', 3],
          ['pending', 2],
        ]);
        const refused = await checkNumber(numberHash, byNumber('111111'), now, limits);
        expect(refused).toMatchObject({ kind: 'limited', history: { failedChecks: times(3, () => now.getTime()) } });
        expect(of(await found())).toEqual([
          ['pending', 3],
          ['pending', 2],
        ]);
      });
    });

    describe('resend', () => {
      it('S10 adds a code; both work, with one count of attempts', async () => {
        const { id, verification } = await opened();
        await check(id, guess('000000'), after(1));
        const answer = await resend(verification, sampleSend('654321', after(60)), after(60));
        expect(answer).toMatchObject({
          kind: 'resent',
          verification: { checksUsed: 1, expiresAt: after(360).getTime(), sends: [{}, { status: 'queued' }] },
        });
        expect(await check(id, guess('123456'), after(61))).toMatchObject({ kind: 'correct' });
      });

      it('lets an earlier code die when its own time is up', async () => {
        const { id, verification } = await opened();
        await resend(verification, sampleSend('654321', after(60)), after(60));
        expect(await check(id, guess('123456'), after(300))).toMatchObject({ kind: 'incorrect' });
        expect(await check(id, guess('654321'), after(300))).toMatchObject({ kind: 'correct' });
      });

      it('shares the cooldown of the number, and starts it again', async () => {
        const { verification } = await opened();
        const again = (seconds: number) => resend(verification, sampleSend('654321', after(seconds)), after(seconds));
        expect(await again(59)).toMatchObject({ kind: 'limited', history: { texts: [NOON.getTime()] } });
        expect(await again(60)).toMatchObject({ kind: 'resent' });
        expect(await again(119)).toMatchObject({
          kind: 'limited',
          history: { texts: [NOON.getTime(), after(60).getTime()] },
        });
        const other = sampleVerification(sampleSend('111111'), { numberHash: verification.numberHash });
        expect(await open(other, after(119))).toMatchObject({ kind: 'limited' });
      });

      it('makes one text of fifty at once', async () => {
        const { verification } = await opened();
        const answers = await Promise.all(
          times(50, () => resend(verification, sampleSend('654321', after(60)), after(60))),
        );
        expect(kinds(answers)).toEqual({ resent: 1, limited: 49 });
      });

      it('is refused after the last send, after the end, and for what is unknown', async () => {
        const { id, verification } = await opened({ maxSends: 2 });
        await resend(verification, sampleSend('654321', after(60)), after(60));
        const again = () => resend(verification, sampleSend('777777', after(130)), after(130));
        expect(await again()).toMatchObject({ kind: 'no_sends_left' });
        await store.cancel(id, 'default', after(130));
        expect(await again()).toMatchObject({ kind: 'not_pending', verification: { status: 'canceled' } });
        const stranger = sampleVerification(sampleSend('123456'));
        expect(await resend(stranger, sampleSend('777777'), NOON)).toEqual({ kind: 'missing' });
      });
    });

    describe('cancel', () => {
      it('ends it for good', async () => {
        const { id } = await opened();
        expect(await store.cancel(id, 'default', after(5))).toMatchObject({
          kind: 'canceled',
          verification: { status: 'canceled' },
        });
        expect(await check(id, guess('123456'), after(6))).toMatchObject({ kind: 'not_pending' });
        expect(await store.cancel(id, 'default', after(6))).toMatchObject({ kind: 'not_pending' });
      });
    });

    describe('outcomes', () => {
      it('a later wait at the same attempt is news: it used up no attempt', async () => {
        const { id, send } = await opened();
        const waiting = outcome('sms.rejected', send, { final: false, nextAttemptAt: after(3).getTime() });
        const longer = { ...waiting, nextAttemptAt: after(63).getTime() };
        await store.noteOutcome(id, waiting, after(1));

        expect(await store.noteOutcome(id, longer, after(4))).toMatchObject({
          kind: 'noted',
          verification: { sends: [{ status: 'waiting', outcome: { nextAttemptAt: longer.nextAttemptAt } }] },
        });
        expect(await store.noteOutcome(id, longer, after(5))).toMatchObject({ kind: 'repeated' });
      });

      it('move their send and stand on the timeline, once each', async () => {
        const { id, send } = await opened();
        const waiting = outcome('sms.rejected', send, {
          final: false,
          nextAttemptAt: after(3).getTime(),
          errorCode: 'x',
        });
        expect(await store.noteOutcome(id, waiting, after(1))).toMatchObject({
          kind: 'noted',
          verification: { status: 'pending', sends: [{ status: 'waiting', outcome: waiting }] },
        });
        await store.noteOutcome(id, outcome('sms.accepted', send, { attempt: 2 }), after(4));
        expect(await store.noteOutcome(id, waiting, after(5))).toMatchObject({ kind: 'repeated' });
        const found = await store.find(id, after(5));
        expect(found?.sends).toMatchObject([{ status: 'accepted' }]);
        expect(found?.timeline.map(({ event }) => event)).toEqual([
          'verification.created',
          'send.queued',
          'sms.rejected',
          'sms.accepted',
        ]);
      });

      it('are all noted when they come at once', async () => {
        const { id, send } = await opened();
        const answers = await Promise.all(
          times(60, (n) =>
            store.noteOutcome(id, outcome('sms.rejected', send, { attempt: (n % 20) + 1, final: false }), NOON),
          ),
        );
        expect(kinds(answers)).toEqual({ noted: 20, repeated: 40 });
      });

      it('of a text that is not its own change nothing', async () => {
        const { id } = await opened();
        const stranger = outcome('sms.rejected', sampleSend('999999'));
        expect(await store.noteOutcome(id, stranger, NOON)).toMatchObject({ kind: 'foreign' });
        expect(await store.noteOutcome(sampleVerification(sampleSend('1')).id, stranger, NOON)).toEqual({
          kind: 'missing',
        });
      });

      it('end it when the only text is rejected for good', async () => {
        const { id, send } = await opened();
        expect(await store.noteOutcome(id, outcome('sms.rejected', send), after(2))).toMatchObject({
          verification: { status: 'undeliverable', endedAt: after(2).getTime(), sends: [{ status: 'rejected' }] },
        });
      });

      it.each(['queued', 'waiting', 'unknown', 'accepted', 'undelivered', 'delivered'])(
        'leave it pending while another text is %s',
        async (status) => {
          const { id, verification, send } = await opened();
          const second = sampleSend('654321', after(60));
          await resend(verification, second, after(60));
          if (status === 'waiting')
            await store.noteOutcome(id, outcome('sms.rejected', send, { final: false }), after(61));
          else if (status !== 'queued') await store.noteOutcome(id, outcome(`sms.${status}`, send), after(61));
          expect(await store.noteOutcome(id, outcome('sms.rejected', second), after(62))).toMatchObject({
            kind: 'noted',
            verification: { status: 'pending', sends: [{ status }, { status: 'rejected' }] },
          });
        },
      );

      it('never change a verification that has ended, nor does a receipt change one that has not', async () => {
        const ended = await opened();
        await check(ended.id, guess('123456'), after(1));
        expect(await store.noteOutcome(ended.id, outcome('sms.rejected', ended.send), after(2))).toMatchObject({
          verification: { status: 'approved', endedAt: after(1).getTime() },
        });
        const open = await opened();
        expect(await store.noteOutcome(open.id, outcome('sms.undelivered', open.send), after(2))).toMatchObject({
          verification: { status: 'pending', sends: [{ status: 'undelivered' }] },
        });
      });

      it('are kept to a hundred lines, and still move their send', async () => {
        const { id, send } = await opened();
        for (let attempt = 1; attempt <= 120; attempt++)
          await store.noteOutcome(id, outcome('sms.rejected', send, { attempt, final: false }), NOON);
        const answer = await store.noteOutcome(id, outcome('sms.accepted', send, { attempt: 121 }), NOON);
        expect(answer).toMatchObject({ verification: { sends: [{ status: 'accepted' }] } });
        expect((await store.find(id, NOON))?.timeline).toHaveLength(100);
      });
    });

    it('puts every number under one of 64 tags that its verifications carry', async () => {
      const { verification } = await opened({
        numberHash:
          'ff'.repeat(28) +
          randomInt(2 ** 32)
            .toString(16)
            .padStart(8, '0'),
      });
      expect(verification.id).toMatch(/^vrf_3f/);
    });
  });
}
