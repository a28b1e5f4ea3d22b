import { EventPublisher, RabbitSettings, requestContext, type PublishOutcome, type SmsSend } from '@app/common';
import { Injectable } from '@nestjs/common';
import { tagIn } from '../verification/verification-id.js';
import { BrokerTrust } from './broker-trust.js';
import { ConfirmedTexts } from './confirmed-texts.js';
import { OutboxWatch } from './outbox-watch.js';
import type { OutboxEntry } from './outbox.js';

/** Where a text is when its request is answered: in a queue of the broker, or safe in the outbox. */
export type Fate = 'queued' | 'in_outbox';

/** Beyond the publish timeout, for clocks that differ and for the step that takes a confirmed text out. */
const GRACE_MS = 1000;

/**
 * The way of a text out of a request:
 *
 * 1. `entryOf` says how it is to be saved: for this request to publish, or at once for the relay where that is pointless.
 * 2. The store saves it together with its verification; from here on nothing can lose it.
 * 3. `publish` asks the broker, once. Confirmed: the entry goes, later. Anything else: the relay has it when it is due.
 */
@Injectable()
export class OutboxPublisher {
  private readonly graceMs;

  constructor(
    private readonly publisher: EventPublisher,
    private readonly trust: BrokerTrust,
    private readonly confirmed: ConfirmedTexts,
    private readonly watch: OutboxWatch,
    { publishTimeoutSeconds }: RabbitSettings,
  ) {
    this.graceMs = publishTimeoutSeconds * 1000 + GRACE_MS;
  }

  entryOf(event: SmsSend, now: Date): OutboxEntry {
    const traceparent = requestContext.getStore()?.traceparent;
    return { event, dueAt: now.getTime() + (this.outboxFirst ? 0 : this.graceMs), ...(traceparent && { traceparent }) };
  }

  /** Of a saved entry; `now` is the one that it was made with. Never waits longer than the publish timeout. */
  async publish(entry: OutboxEntry, now: Date): Promise<Fate> {
    const { dueAt } = entry;
    const outcome =
      dueAt > now.getTime() ? await this.trust.untilDoubt(this.tryOnce(entry)) : (this.publisher.trouble ?? 'in doubt');
    if (outcome === 'confirmed') return 'queued';
    this.watch.left(outcome, dueAt);
    return 'in_outbox';
  }

  private get outboxFirst(): boolean {
    return this.trust.inDoubt || this.publisher.trouble !== undefined;
  }

  private async tryOnce({ event, traceparent }: OutboxEntry): Promise<PublishOutcome> {
    const { messageId, verificationId = '' } = event;
    const outcome = await this.publisher.publish(event, { messageId, traceparent });
    this.trust.heard(outcome);
    if (outcome === 'confirmed') this.confirmed.add(tagIn(verificationId), messageId);
    return outcome;
  }
}
