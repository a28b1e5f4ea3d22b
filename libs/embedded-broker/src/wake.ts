/** setTimeout takes no longer wait; waking early is harmless, because the sleeper looks at the clock again. */
const MAX_WAIT_MS = 0x7fff_ffff;

/** One timer that is moved, never several: calls `wake` at the time last asked for. Keeps no process alive. */
export class Wake {
  private timer?: NodeJS.Timeout;
  private due = Infinity;

  constructor(private readonly wake: () => void) {}

  /** On the clock of `performance.now()`; Infinity is never. */
  at(due: number): void {
    if (due === this.due) return;
    this.cancel();
    if (due === Infinity) return;
    this.due = due;
    const wait = Math.min(Math.max(due - performance.now(), 0), MAX_WAIT_MS);
    this.timer = setTimeout(() => this.fire(), Math.ceil(wait)).unref();
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.due = Infinity;
  }

  private fire(): void {
    this.due = Infinity;
    this.wake();
  }
}
