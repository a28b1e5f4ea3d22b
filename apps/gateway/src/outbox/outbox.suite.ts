import { randomBytes } from 'node:crypto';
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
import type { Stores } from '../../../../test/gateway/stores.js';
import { until } from '../../../../test/support/until.js';

const PER_TAG = 5;
const LIMITS = { ...new LimitSettings(), cooldownSeconds: 60 };
const A = { owner: 'relay-a', ms: 60_000 };
const B = { owner: 'relay-b', ms: 60_000 };
const times = <T>(count: number, action: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => action(index));

/** What every Outbox promises, together with the VerificationStore that fills it. `create` makes one that is empty. */
export function outboxSuite(name: string, create: (outboxPerTag: number) => Promise<Stores>): void {
  describe(`${name}: an outbox`, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await create(PER_TAG);
    });

    const TAG = '2a';
    const inTag = (tag: string) => `${tag}${randomBytes(31).toString('hex')}`;
    async function opened({ tag = TAG, dueIn = 0 } = {}) {
      const send = sampleSend('123456');
      const verification = sampleVerification(send, { numberHash: inTag(tag) });
      const text = textOf(verification, send, after(dueIn).getTime());
      const answer = await stores.verifications.open(verification, text, LIMITS, NOON);
      return { verification, id: verification.id, send, text, answer };
    }
    const take = async (now = NOON, { tag = TAG, lease = A, limit = 100 } = {}) =>
      (await stores.outbox.take(tag, lease, limit, now))?.map(({ event }) => event.messageId);

    it('gives back the very text that was saved with its verification', async () => {
      const { text } = await opened();
      expect(await stores.outbox.take(TAG, A, 10, NOON)).toEqual([text]);
    });

    it('leaves a text alone while its request may be publishing it', async () => {
      const { send } = await opened({ dueIn: 3 });
      expect(await take(after(2.999))).toEqual([]);
      expect(await take(after(3))).toEqual([send.messageId]);
    });

    it('gives the longest due first, as many as were asked for, until they are removed', async () => {
      const [late, early, middle] = [
        await opened({ dueIn: 3 }),
        await opened({ dueIn: 1 }),
        await opened({ dueIn: 2 }),
      ].map(({ send }) => send.messageId) as [string, string, string];
      expect(await take(after(3), { limit: 2 })).toEqual([early, middle]);
      expect(await take(after(3), { limit: 2 })).toEqual([early, middle]);
      await stores.outbox.remove(TAG, [early, middle, 'never-there']);
      await stores.outbox.remove(TAG, [early]);
      await stores.outbox.remove(TAG, []);
      expect(await take(after(3))).toEqual([late]);
    });

    it('holds the text of a resend too', async () => {
      const { verification, send } = await opened();
      const again = sampleSend('654321', after(60));
      await stores.verifications.resend(verification, again, textOf(verification, again), LIMITS, after(60));
      expect(await take(after(60))).toEqual([send.messageId, again.messageId]);
    });

    describe('a lease', () => {
      it('keeps other relays off the tag, and no other tag', async () => {
        await opened();
        const elsewhere = await opened({ tag: '2b' });
        await take();
        expect(await take(NOON, { lease: B })).toBeUndefined();
        expect(await take(NOON, { lease: B, tag: '2b' })).toEqual([elsewhere.send.messageId]);
      });

      it('ends when nothing is due any more', async () => {
        const { send } = await opened();
        await take();
        await stores.outbox.remove(TAG, [send.messageId]);
        await take();
        expect(await take(NOON, { lease: B })).toEqual([]);
      });

      it('ends when its owner gives it back, and only then', async () => {
        const { send } = await opened();
        await take();
        await stores.outbox.release(TAG, B.owner);
        expect(await take(NOON, { lease: B })).toBeUndefined();
        await stores.outbox.release(TAG, A.owner);
        expect(await take(NOON, { lease: B })).toEqual([send.messageId]);
      });

      it('ends by itself when its owner died', async () => {
        const { send } = await opened();
        await take(NOON, { lease: { owner: 'died', ms: 150 } });
        expect(await take()).toBeUndefined();
        expect(await until('the lease is over', 5, () => take())).toEqual([send.messageId]);
      });

      it('is had by one of many at once', async () => {
        await opened();
        const answers = await Promise.all(times(50, (n) => take(NOON, { lease: { owner: `relay-${n}`, ms: 60_000 } })));
        expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
      });
    });

    describe('the end of a verification takes its texts out', () => {
      it.each(['check', 'wrong checks', 'cancel', 'rejection'])('%s', async (how) => {
        const store = stores.verifications;
        const { id, send } = await opened();
        const other = await opened();
        if (how === 'check') await store.check(id, guess('123456'), LIMITS, after(1));
        if (how === 'wrong checks')
          for (let n = 0; n < 5; n++) await store.check(id, guess('000000'), LIMITS, after(1));
        if (how === 'cancel') await store.cancel(id, 'default', after(1));
        if (how === 'rejection') await store.noteOutcome(id, outcome('sms.rejected', send), after(1));
        expect((await store.find(id, after(1)))?.status).not.toBe('pending');
        expect(await take(after(1))).toEqual([other.send.messageId]);
      });

      it('but time does not: what expired is told', async () => {
        const { id, send } = await opened();
        expect(await stores.verifications.check(id, guess('123456'), LIMITS, after(300))).toMatchObject({
          kind: 'not_pending',
        });
        expect(await take(after(300))).toEqual([send.messageId]);
      });
    });

    describe('when a tag is full', () => {
      it('refuses to open, and keeps nothing: no verification, no text, no cooldown', async () => {
        for (let n = 0; n < PER_TAG; n++) expect((await opened()).answer).toMatchObject({ kind: 'opened' });
        const { answer, verification } = await opened();
        expect(answer).toEqual({ kind: 'outbox_full' });
        expect(await stores.verifications.find(verification.id, NOON)).toBeUndefined();
        expect(await stores.verifications.history(verification.numberHash, NOON)).toMatchObject({
          texts: [],
          pending: [],
        });
        expect(await take()).toHaveLength(PER_TAG);
        expect((await opened({ tag: '2b' })).answer).toMatchObject({ kind: 'opened' });
      });

      it('refuses to resend, and changes nothing', async () => {
        const { verification, id } = await opened();
        for (let n = 1; n < PER_TAG; n++) await opened();
        const again = sampleSend('654321', after(60));
        const text = textOf(verification, again);
        const { verifications } = stores;
        expect(await verifications.resend(verification, again, text, LIMITS, after(60))).toEqual({
          kind: 'outbox_full',
        });
        expect(await verifications.find(id, after(60))).toEqual(verification);
        expect(await verifications.history(verification.numberHash, after(60))).toMatchObject({
          texts: [NOON.getTime()],
        });
      });

      it('takes texts again as soon as one has gone', async () => {
        const { send } = await opened();
        for (let n = 1; n < PER_TAG; n++) await opened();
        await stores.outbox.remove(TAG, [send.messageId]);
        expect((await opened()).answer).toMatchObject({ kind: 'opened' });
      });

      it('keeps to its bound however many come at once', async () => {
        const answers = await Promise.all(times(40, () => opened()));
        expect(answers.filter(({ answer }) => answer.kind === 'opened')).toHaveLength(PER_TAG);
      });
    });

    it('shows what it holds', async () => {
      expect(await stores.outbox.look(NOON)).toEqual([]);
      await opened({ dueIn: 2 });
      await opened({ dueIn: 1 });
      await opened({ dueIn: 9 });
      const { send } = await opened({ tag: '00' });
      const views = await stores.outbox.look(after(3));
      expect(views.sort((a, b) => (a.tag < b.tag ? -1 : 1))).toEqual([
        { tag: '00', entries: 1, due: 1, oldestDueAt: NOON.getTime() },
        { tag: TAG, entries: 3, due: 2, oldestDueAt: after(1).getTime() },
      ]);
      await stores.outbox.remove('00', [send.messageId]);
      expect(await stores.outbox.look(NOON)).toEqual([{ tag: TAG, entries: 3, due: 0 }]);
    });

    it('has room for a number of any tag', async () => {
      const numberHash = newNumberHash();
      const send = sampleSend('123456');
      const verification = sampleVerification(send, { numberHash });
      await stores.verifications.open(verification, textOf(verification, send), LIMITS, NOON);
      const [view] = await stores.outbox.look(NOON);
      expect(verification.id).toMatch(new RegExp(`^vrf_${view?.tag}`));
    });
  });
}
