import {
  LEDGER_TTL_SECONDS,
  MAX_ORPHANS,
  ORPHAN_TTL_SECONDS,
  type ReceiptBook,
  type ReceiptWord,
  type SentText,
} from '@app/sms-provider';

interface Page {
  readonly text?: SentText;
  readonly words: ReadonlyMap<ReceiptWord['status'], ReceiptWord>;
  /** Milliseconds since 1970. */
  readonly keptUntil: number;
}

const NOTHING: Page = { words: new Map(), keptUntil: 0 };

/** For development and tests: gone with the process. */
export class MemoryReceiptBook implements ReceiptBook {
  private readonly pages = new Map<string, Page>();

  constructor(private readonly maxOrphans = MAX_ORPHANS) {}

  async note(id: string, text: SentText): Promise<readonly ReceiptWord[]> {
    const { words } = this.page(id);
    this.pages.set(id, { text, words, keptUntil: Date.now() + LEDGER_TTL_SECONDS * 1000 });
    return [...words.values()];
  }

  async match(ids: readonly string[], word: ReceiptWord): Promise<SentText | 'kept' | 'dropped'> {
    const known = ids.map((id) => this.page(id).text).find((text) => text !== undefined);
    if (known) return known;
    this.forgetOld();
    const orphans = [...this.pages.values()].filter(({ text }) => text === undefined).length;
    if (orphans >= this.maxOrphans) return 'dropped';
    for (const id of ids) {
      const words = new Map([...this.page(id).words, [word.status, word]]);
      this.pages.set(id, { words, keptUntil: Date.now() + ORPHAN_TTL_SECONDS * 1000 });
    }
    return 'kept';
  }

  private page(id: string): Page {
    const page = this.pages.get(id) ?? NOTHING;
    return page.keptUntil > Date.now() ? page : NOTHING;
  }

  private forgetOld(): void {
    const now = Date.now();
    for (const [id, { keptUntil }] of this.pages) if (keptUntil <= now) this.pages.delete(id);
  }
}
