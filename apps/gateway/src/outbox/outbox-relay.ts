import {
  AppLogger,
  EventPublisher,
  RabbitSettings,
  RedisUnavailableError,
  SmsExpired,
  type SmsSend,
} from '@app/common';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BrokerTrust } from './broker-trust.js';
import { OutboxWatch } from './outbox-watch.js';
import { Outbox, type OutboxEntry } from './outbox.js';

/** At most LANES × BATCH publishes are under way. */
const LANES = 8;
const BATCH = 25;
/** Between two looks at an outbox that is empty or cannot be emptied. */
const REST_MS = 1000;
/** How soon it is noticed that the broker is back: a look at our own connection, not at a server. */
const NOTICE_MS = 100;
/** Beyond the publish timeout: what a process that died has held is free after that. */
const LEASE_SLACK_MS = 3000;

/**
 * Publishes what requests left in the outbox. Every gateway has one; a lease keeps two of them off the same tag.
 *
 * 1. Each second it looks at every tag, and at once when the broker is back.
 * 2. While the broker takes nothing it only looks. After a refusal it tries one text; when that is confirmed, all of them.
 * 3. A tag: lease, the oldest due texts, all published at once, the confirmed ones removed, the next ones.
 * 4. A text whose code has died is told as `sms.expired` instead. (One whose verification ended is no longer there.)
 *
 * Whatever it repeats carries the same messageId. Order across tags is not kept.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly lease;
  private readonly stopping = new AbortController();
  private refused = false;
  private running: Promise<void> | undefined;

  constructor(
    @Inject(Outbox) private readonly outbox: Outbox,
    private readonly publisher: EventPublisher,
    private readonly trust: BrokerTrust,
    private readonly watch: OutboxWatch,
    private readonly logger: AppLogger,
    { publishTimeoutSeconds }: RabbitSettings,
  ) {
    this.lease = { owner: randomUUID(), ms: publishTimeoutSeconds * 1000 + LEASE_SLACK_MS };
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  /** What is being published is waited for; the rest stays for the next process. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const goOn = await this.pass().catch((error: unknown) => this.interrupted(error));
      if (!goOn) await this.rest();
    }
  }

  /** @returns whether there may be more to do at once. */
  private async pass(): Promise<boolean> {
    const now = new Date();
    const views = await this.outbox.look(now);
    this.watch.seen(views, now);
    const tags = views.filter(({ due }) => due > 0).map(({ tag }) => tag);
    if (tags.length === 0 || this.publisher.trouble) return false;
    const start = randomInt(tags.length); // two relays begin at different tags
    const round = [...tags.slice(start), ...tags.slice(0, start)];
    if (this.careful) await this.probe(round);
    if (this.careful) return false;
    await Promise.all(Array.from({ length: LANES }, () => this.lane(round)));
    return !this.careful;
  }

  /** Refused lately, or not answered: what is true for one text is likely true for all. */

  private get careful(): boolean {
    return this.refused || this.trust.inDoubt;
  }

  /** Publishes one text of the first tag that nobody else is at. */
  private async probe(tags: readonly string[]): Promise<void> {
    this.refused = false;
    for (const tag of tags) {
      const tried = await this.relayTag(tag, () => this.relaySome(tag, 1));
      if (tried) return;
    }
  }

  private async lane(tags: string[]): Promise<void> {
    for (let tag = tags.pop(); tag !== undefined && !this.halted; tag = tags.pop()) {
      const own = tag;
      await this.relayTag(own, async () => {
        while (!this.halted && (await this.relaySome(own, BATCH)));
        return true;
      });
    }
  }

  /** A tag whose node is away keeps its texts for the next pass, and no other tag from going on. */
  private async relayTag(tag: string, relay: () => Promise<boolean>): Promise<boolean> {
    try {
      const relayed = await relay();
      if (this.halted) await this.outbox.release(tag, this.lease.owner);
      return relayed;
    } catch (error) {
      return this.interrupted(error);
    }
  }

  private get halted(): boolean {
    return this.careful || this.stopping.signal.aborted;
  }

  /** @returns whether there was anything. */
  private async relaySome(tag: string, limit: number): Promise<boolean> {
    const entries = (await this.outbox.take(tag, this.lease, limit, new Date())) ?? [];
    const gone = await Promise.all(entries.map((entry) => this.relay(entry)));
    await this.outbox.remove(
      tag,
      entries.filter((_, n) => gone[n]).map(({ event }) => event.messageId),
    );
    return entries.length > 0;
  }

  private async relay({ event: text, traceparent }: OutboxEntry): Promise<boolean> {
    const now = new Date();
    const expired = now >= new Date(text.expiresAt);
    const event = expired ? expiryOf(text, now) : text;
    const outcome = await this.publisher.publish(event, { messageId: text.messageId, traceparent });
    this.trust.heard(outcome);
    const gone = outcome === 'confirmed';
    if (!gone) this.refused = true;
    this.watch.relayed(gone && expired ? 'expired' : outcome, gone);
    return gone;
  }

  private async rest(): Promise<void> {
    const wasAway = this.publisher.trouble !== undefined;
    for (let rested = 0; rested < REST_MS && !this.stopping.signal.aborted; rested += NOTICE_MS) {
      const step = wasAway ? NOTICE_MS : REST_MS;
      await sleep(step, undefined, { signal: this.stopping.signal, ref: false }).catch(() => undefined); // told to stop
      if (!wasAway || !this.publisher.trouble) return;
    }
  }

  /** Redis says itself that it is away; whatever else comes here is a mistake of ours. */
  private interrupted(error: unknown): false {
    if (!(error instanceof RedisUnavailableError)) this.logger.error(error);
    return false;
  }
}

const expiryOf = ({ messageId, verificationId }: SmsSend, now: Date): SmsExpired =>
  Object.assign(new SmsExpired(), {
    messageId,
    verificationId,
    provider: 'none',
    attempt: 1,
    at: now.toISOString(),
    final: true,
  });
