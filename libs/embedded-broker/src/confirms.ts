/** A channel's answers to what it publishes, gathered so that one ack can stand for a run of messages. */
export class Confirms {
  private lastTag = 0;
  private readonly runs: { accepted: boolean; first: number; last: number }[] = [];

  /** `accepted` of the next message in the order of publishing. */
  add(accepted: boolean): void {
    const tag = ++this.lastTag;
    const run = this.runs.at(-1);
    if (run?.accepted === accepted) run.last = tag;
    else this.runs.push({ accepted, first: tag, last: tag });
  }

  /** Every earlier tag is answered by then, so `multiple` covers exactly its own run. */
  flush(send: (accepted: boolean, deliveryTag: number, multiple: boolean) => void): void {
    for (const { accepted, first, last } of this.runs.splice(0)) send(accepted, last, last > first);
  }
}
