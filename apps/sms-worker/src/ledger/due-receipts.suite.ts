import { randomUUID } from 'node:crypto';
import type { DueReceipts, ExpectedReceipt } from '@app/sms-provider';
import { until } from '../../../../test/support/until.js';

/** What every store of due receipts promises. */
export function dueReceiptsSuite(name: string, create: (max?: number) => DueReceipts): void {
  describe(`due receipts: ${name}`, () => {
    const LONG = 60_000;
    let due: DueReceipts;
    beforeEach(() => {
      due = create();
    });
    const expected = (more: Partial<ExpectedReceipt> = {}): ExpectedReceipt => ({
      text: { messageId: randomUUID(), verificationId: 'vrf_1', attempt: 1, provider: 'twilio', n: 0 },
      providerMessageId: 'SM1',
      askedAt: 1_780_000_000_000,
      last: true,
      ...more,
    });

    it('gives what is due, whole, and nothing before its time', async () => {
      const [now, later] = [expected({ to: 'sealed:v1:k1:x', last: false }), expected()];
      await due.add(later, LONG);
      await due.add(now, 0);

      expect(await due.take(10, LONG)).toEqual([now]);
    });

    it('gives the longest due first, as many as are asked for', async () => {
      const texts = [expected(), expected(), expected()];
      for (const [index, text] of texts.entries()) await due.add(text, -10 * index);

      expect(await due.take(2, LONG)).toEqual([texts[2], texts[1]]);
    });

    it('gives each to one caller, however many take at once', async () => {
      const texts = Array.from({ length: 30 }, () => expected());
      await Promise.all(texts.map((text) => due.add(text, 0)));

      const taken = await Promise.all(Array.from({ length: 10 }, () => due.take(10, LONG)));

      const ids = taken.flat().map(({ text }) => text.messageId);
      expect(ids).toHaveLength(30);
      expect(new Set(ids).size).toBe(30);
    });

    it('what its taker has neither removed nor postponed is due again after the lease', async () => {
      const text = expected();
      await due.add(text, 0);
      await due.take(10, 30);

      expect(await until('it is due again', 5, async () => (await due.take(10, LONG))[0])).toEqual(text);
    });

    it('what is postponed comes back as it was postponed', async () => {
      const text = expected({ last: false });
      await due.add(text, 0);
      await due.take(10, LONG);
      await due.postpone({ ...text, last: true }, 0);

      expect(await due.take(10, LONG)).toEqual([{ ...text, last: true }]);
    });

    it('what is removed is never due, nor can it be postponed', async () => {
      const text = expected();
      await due.add(text, 0);
      await due.remove(text.text.messageId);
      await due.postpone(text, 0);

      expect(await due.take(10, LONG)).toEqual([]);
    });

    it('keeps one entry a message, the latest', async () => {
      const text = expected();
      await due.add({ ...text, last: false }, 0);
      await due.add(text, LONG);
      expect(await due.take(10, LONG)).toEqual([]);
      await due.add(text, 0);
      expect(await due.take(10, LONG)).toEqual([text]);
    });

    it('is full at its bound: what is there can still be changed, and what goes makes room', async () => {
      const small = create(2);
      const [one, two, three] = [expected(), expected(), expected()];
      expect([await small.add(one, 0), await small.add(two, 0), await small.add(three, 0)]).toEqual([
        'added',
        'added',
        'full',
      ]);
      expect(await small.add(one, LONG)).toBe('added');
      await small.remove(two.text.messageId);
      expect(await small.add(three, 0)).toBe('added');
    });
  });
}
