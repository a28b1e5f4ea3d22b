import { startEmbeddedBroker } from '@app/embedded-broker';
import { takeTexts } from '../gateway/test-gateway.js';
import { startRedis } from '../support/services.ts';
import { freePort, until } from '../support/until.js';
import { messageIdOf, sharedKeys, startGateway } from './gateways.js';

const TEXTS = 600;

it('three gateways empty one outbox together: every text once', async () => {
  const port = await freePort();
  const redis = await startRedis();
  const environment = {
    ...sharedKeys(),
    RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${port}`,
    REDIS_URL: redis.url,
    PUBLISH_TIMEOUT_SECONDS: '10', // and leases longer than that: a slow machine repeats nothing
  };
  const gateways = await Promise.all([1, 2, 3].map(() => startGateway(environment)));
  const messageIds = new Set<string>();
  while (messageIds.size < TEXTS) {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => gateways[n % 3]!.start()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    for (const answer of answers) messageIds.add(messageIdOf(answer));
  }

  const broker = await startEmbeddedBroker({ port });
  await Promise.all(gateways.map((gateway) => gateway.emptied()));
  const texts = await takeTexts(broker.url);
  await until('all have arrived', 15, () => texts.count === TEXTS);
  expect(new Set(texts.arrivedAt.keys())).toEqual(messageIds);
  const relayed = await Promise.all(
    gateways.map((gateway) => gateway.metric('otpost_outbox_relayed_total{outcome="confirmed"}')),
  );
  expect(relayed.reduce((a, b) => a + b, 0)).toBe(TEXTS);
  expect(texts.all).toHaveLength(TEXTS);

  await texts.close();
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await broker.close();
  await redis.stop();
}, 60_000);
