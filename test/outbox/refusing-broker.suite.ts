import { takeTexts } from '../gateway/test-gateway.js';
import { withChannel } from '../support/broker-view.js';
import { messageIdOf, sharedKeys, startGateway, type Gateway } from './gateways.js';

const QUEUE = 'sms-worker.sms.send';

/** A broker that answers, and does not take the text. */
export function refusingBrokerSuite(name: string, brokerUrl: () => string): void {
  describe(`${name} refuses a text`, () => {
    const keys = sharedKeys();
    let gateway: Gateway;
    const begin = () => startGateway({ ...keys, RABBITMQ_URL: brokerUrl(), PUBLISH_TIMEOUT_SECONDS: '1' });
    beforeEach(async () => {
      gateway = await begin();
      await gateway.connected();
    });
    afterEach(() => gateway.close());

    it('because nobody is bound: accepted, and sent when the gateway has declared the queue again', async () => {
      await withChannel(brokerUrl(), (channel) => channel.deleteQueue(QUEUE));
      const answer = await gateway.start();
      expect(answer.status).toBe(202);
      expect(await gateway.metric('otpost_verifications_started_total{outcome="in_outbox"}')).toBe(1);
      expect(await gateway.metric('otpost_events_published_total{pattern="sms.send",outcome="returned"}')).toBe(1);

      await gateway.emptied();
      const texts = await takeTexts(brokerUrl());
      await texts.of(messageIdOf(answer));
      await texts.close();
    });

    it('because a queue is full: accepted, and sent when there is room', async () => {
      const texts = await takeTexts(brokerUrl());
      await withChannel(brokerUrl(), async (channel) => {
        const bounds = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
        await channel.assertQueue('full', { durable: true, arguments: bounds });
        await channel.bindQueue('full', 'otpost', 'sms.send');
        channel.sendToQueue('full', Buffer.from('the one that fits'));
        await channel.waitForConfirms();
      });
      const answer = await gateway.start();
      expect(answer.status).toBe(202);
      expect(await gateway.metric('otpost_events_published_total{pattern="sms.send",outcome="nacked"}')).toBe(1);
      expect(await gateway.metric('otpost_verifications_started_total{outcome="in_outbox"}')).toBe(1);

      await withChannel(brokerUrl(), (channel) => channel.deleteQueue('full'));
      await texts.of(messageIdOf(answer));
      await gateway.emptied();
      await texts.close();
    });
  });
}
