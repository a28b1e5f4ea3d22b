import type { Outgoing } from './outgoing.js';

/** Sends a sign of life when nothing else was sent, and notices a peer that has gone silent (AMQP 0-9-1, 4.2.7). */
export class Heartbeat {
  private lastHeard = performance.now();
  private readonly timer: NodeJS.Timeout;

  /** `waived` says that the peer is not read from at present, so it cannot be heard. */
  constructor(seconds: number, peer: { outgoing: Outgoing; silent: () => void; waived: () => boolean }) {
    const interval = seconds * 1000;
    this.timer = setInterval(() => {
      if (!peer.outgoing.wrote) peer.outgoing.heartbeat();
      peer.outgoing.wrote = false;
      if (peer.waived()) this.heard();
      else if (performance.now() - this.lastHeard > 2 * interval) peer.silent();
    }, interval / 2).unref();
  }

  heard(): void {
    this.lastHeard = performance.now();
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
