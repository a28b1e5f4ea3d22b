import { Module } from '@nestjs/common';
import { BrokerTrust } from './broker-trust.js';
import { ConfirmedTexts } from './confirmed-texts.js';
import { OutboxPublisher } from './outbox-publisher.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxWatch } from './outbox-watch.js';

/** Publishing out of requests, and again when that failed. Wants the Outbox of StoreModule, and messaging. */
@Module({
  providers: [BrokerTrust, ConfirmedTexts, OutboxPublisher, OutboxRelay, OutboxWatch],
  exports: [OutboxPublisher],
})
export class OutboxModule {}
