import { randomUUID } from 'node:crypto';
import type { ReceiptBook, ReceiptWord, SentText } from '@app/sms-provider';

/** What every receipt book promises. */
export function receiptBookSuite(name: string, create: (maxOrphans?: number) => ReceiptBook): void {
  describe(`receipt book: ${name}`, () => {
    const DELIVERED: ReceiptWord = { status: 'delivered' };
    const UNDELIVERED: ReceiptWord = { status: 'undelivered', errorCode: '30003' };
    let book: ReceiptBook;
    let id: string;
    let other: string;
    let text: SentText;
    beforeEach(() => {
      book = create();
      [id, other] = [`ccp:id:${randomUUID()}`, `ccp:ref:${randomUUID()}`];
      text = { messageId: randomUUID(), verificationId: 'vrf_1', attempt: 2, provider: 'ccp', n: 1 };
    });

    it('finds a text by any of the ids of a receipt, as often as receipts come', async () => {
      expect(await book.note(id, text)).toEqual([]);
      expect(await book.match([id], DELIVERED)).toEqual(text);
      expect(await book.match([other, id], DELIVERED)).toEqual(text);
    });

    it('keeps a receipt that comes first, and gives it to whoever notes the text, also again', async () => {
      expect(await book.match([id, other], UNDELIVERED)).toBe('kept');
      expect(await book.note(other, text)).toEqual([UNDELIVERED]);
      expect(await book.note(other, text)).toEqual([UNDELIVERED]);
    });

    it('keeps one word of each kind, however many come', async () => {
      for (let n = 0; n < 20; n++) await book.match([id], n % 2 ? DELIVERED : UNDELIVERED);
      expect((await book.note(id, text)).map(({ status }) => status).sort()).toEqual(['delivered', 'undelivered']);
    });

    it('drops receipts of texts that nobody knows when there are too many, and still finds those it knows', async () => {
      const small = create(3);
      const results = [];
      for (let n = 0; n < 5; n++) results.push(await small.match([`ccp:id:${randomUUID()}`], DELIVERED));
      expect(results).toEqual(['kept', 'kept', 'kept', 'dropped', 'dropped']);
      await small.note(id, text);
      expect(await small.match([id], DELIVERED)).toEqual(text);
    });

    it('a receipt and its text that meet at the same moment find each other, on one side or the other', async () => {
      for (let round = 0; round < 50; round++) {
        const mine = `ccp:id:${randomUUID()}`;
        const [found, words] = await Promise.all([book.match([mine], DELIVERED), book.note(mine, text)]);
        expect(typeof found === 'object' || words.length === 1).toBe(true);
      }
    });

    it('the latest word about a text is the one that counts', async () => {
      await book.note(id, { ...text, unknown: true });
      await book.note(id, text);
      expect(await book.match([id], DELIVERED)).toEqual(text);
    });
  });
}
