/** What one worker process may ask of one company. Absent: no bound. */
export interface ShareOptions {
  /** Requests a second; unused ones of the last second may come at once. */
  readonly perSecond?: number;
  /** Requests under way at once. */
  readonly concurrency?: number;
  /** Who waits in line at once, at most, however soon their turn would come. */
  readonly maxWaiting?: number;
}

/** Of requests that are bounded by how many are under way, so many times that many wait in line. */
const ROUNDS_WAITING = 4;
/** How long it takes until the next is served is not known of those. Milliseconds. */
const ROUND_MS = 1000;

/** How often those in line look whether a request has ended or a second has passed, at most. Milliseconds. */
const LONGEST_LOOK_MS = 250;

/** One worker's part of what a company bears, and the line of those who wait for it: first come, first served. */
export class Share {
  private underWay = 0;
  private tokens: number;
  private filledAt: number;
  private readonly line: { serve(taken: boolean): void }[] = [];
  private look?: NodeJS.Timeout;
  private closed = false;

  constructor(
    private readonly options: ShareOptions,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = this.burst;
    this.filledAt = now();
  }

  /** Takes a place if there is one now and nobody waits for it. Each is given back with `leave`. */
  tryEnter(): boolean {
    return this.line.length === 0 && this.take();
  }

  /** About how long whoever comes now would wait. Milliseconds, at least 1000. */
  get waitMs(): number {
    const { perSecond, concurrency = Infinity } = this.options;
    const ahead = this.line.length + 1;
    const byTime = perSecond === undefined ? 0 : (ahead / perSecond) * 1000;
    return Math.ceil(Math.max(1000, byTime, Math.floor(ahead / concurrency) * ROUND_MS));
  }

  /**
   * Waits in line at most so long; false: no place came, or the process ends. At once, where so many wait already that
   * none would come in time: they hold places that texts to other companies need.
   */
  turn(ms: number): Promise<boolean> {
    if (this.closed || this.line.length >= this.longestLine(ms)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const place = {
        serve: (taken: boolean) => {
          clearTimeout(timer);
          resolve(taken);
        },
      };
      const timer = setTimeout(() => {
        this.line.splice(this.line.indexOf(place), 1);
        resolve(false);
      }, ms);
      this.line.push(place);
      this.serve();
    });
  }

  leave(): void {
    this.underWay--;
    this.serve();
  }

  /** Sends everybody in line away, and lets nobody wait any more. */
  close(): void {
    this.closed = true;
    clearTimeout(this.look);
    for (const place of this.line.splice(0)) place.serve(false);
  }

  private serve(): void {
    while (this.line.length > 0 && this.take()) this.line.shift()!.serve(true);
    clearTimeout(this.look);
    if (this.line.length > 0) this.look = setTimeout(() => this.serve(), this.lookMs).unref();
  }

  private take(): boolean {
    const { perSecond, concurrency } = this.options;
    if (concurrency !== undefined && this.underWay >= concurrency) return false;
    if (perSecond !== undefined) {
      this.fill(perSecond);
      if (this.tokens < 1) return false;
      this.tokens--;
    }
    this.underWay++;
    return true;
  }

  private fill(perSecond: number): void {
    const now = this.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.filledAt) * perSecond) / 1000);
    this.filledAt = now;
  }

  private longestLine(ms: number): number {
    const { perSecond = Infinity, concurrency = Infinity, maxWaiting = Infinity } = this.options;
    return Math.max(1, Math.min((perSecond * ms) / 1000, concurrency * ROUNDS_WAITING, maxWaiting));
  }

  private get burst(): number {
    return Math.max(1, this.options.perSecond ?? 1);
  }

  private get lookMs(): number {
    const { perSecond } = this.options;
    return perSecond === undefined ? LONGEST_LOOK_MS : Math.min(LONGEST_LOOK_MS, Math.ceil(1000 / perSecond));
  }
}
