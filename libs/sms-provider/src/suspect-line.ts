import type { SuspectBeside } from './delivery-ledger.js';

/** Suspects of one death that are handled at once. */
const FEW = 32;
/** Those that are handled one after another leave when so many wait: each may take as long as its company does. */
const MAX_WAITING_FOR_NONE = 20;

/**
 * Where messages wait of which a worker died, or beside which. After one death a few are handled at once, after more each
 * without the others. First come, first served.
 */
export class SuspectLine {
  private readonly waiting: { readonly beside: SuspectBeside; begin(): void }[] = [];
  private readonly mostWaiting: Readonly<Record<SuspectBeside, number>>;
  private free = FEW;

  /** `slots`: the deliveries that the process takes at once, of which suspects that wait hold a third at most. */
  constructor(slots: number) {
    this.mostWaiting = { few: Math.floor(slots / 3), none: MAX_WAITING_FOR_NONE };
  }

  /** Undefined: so many wait already that the step is not to be waited for. */
  async run<T>(beside: SuspectBeside, step: () => Promise<T>): Promise<T | undefined> {
    const before = this.waiting.filter((other) => other.beside === beside).length;
    if (before > 0 && before >= this.mostWaiting[beside]) return undefined;
    await new Promise<void>((begin) => {
      this.waiting.push({ beside, begin });
      this.serve();
    });
    try {
      return await step();
    } finally {
      this.free += placesOf(beside);
      this.serve();
    }
  }

  private serve(): void {
    for (let next = this.waiting[0]; next && placesOf(next.beside) <= this.free; next = this.waiting[0]) {
      this.free -= placesOf(next.beside);
      this.waiting.shift();
      next.begin();
    }
  }
}

const placesOf = (beside: SuspectBeside): number => (beside === 'few' ? 1 : FEW);
