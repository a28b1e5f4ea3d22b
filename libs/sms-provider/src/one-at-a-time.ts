/** Runs steps one after the other, in the order in which they came. */
export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(step: () => Promise<T>): Promise<T> {
    const mine = this.last.then(step);
    this.last = mine.catch(() => undefined); // whoever ran that step hears of it
    return mine;
  }
}
