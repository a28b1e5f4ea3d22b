/** Sends a sign of life when nothing else was sent, and notices a peer that has gone silent (AMQP 0-9-1, 4.2.7). */
export class Heartbeat {
  sent = true;
  private lastHeard = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(seconds: number, act: { beat: () => void; silent: () => void; waived: () => boolean }) {
    const interval = seconds * 1000;
    this.timer = setInterval(() => {
      if (!this.sent) act.beat();
      this.sent = false;
      // Whoever is not read from cannot be heard.
      if (act.waived()) this.heard();
      else if (performance.now() - this.lastHeard > 2 * interval) act.silent();
    }, interval / 2).unref();
  }

  heard(): void {
    this.lastHeard = performance.now();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
