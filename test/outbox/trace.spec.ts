import { startEmbeddedBroker } from '@app/embedded-broker';
import { connect } from 'amqplib';
import { newNumber } from '../gateway/test-gateway.js';
import { freePort, until } from '../support/until.js';
import { sharedKeys, startGateway } from './gateways.js';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** By messageId, the traces of the texts in the worker's queue. */
async function tracesIn(brokerUrl: string) {
  const connection = await connect(brokerUrl);
  const channel = await connection.createChannel();
  const traces = new Map<string, unknown>();
  await channel.consume(
    'sms-worker.sms.send',
    (text) => text && traces.set(text.properties.messageId as string, text.properties.headers?.traceparent),
    { noAck: true },
  );
  return {
    of: (messageId: string) => until('the text', 15, () => traces.get(messageId)),
    close: () => connection.close(),
  };
}

it('the trace of a request travels with its text, at once or out of the outbox', async () => {
  const port = await freePort();
  const { url, close } = await startGateway({ ...sharedKeys(), RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${port}` });
  const start = async (traceparent: string) => {
    const response = await fetch(`${url}/v1/verifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify({ to: newNumber() }),
    });
    const { delivery } = (await response.json()) as { delivery: { sends: [{ messageId: string }] } };
    return delivery.sends[0].messageId;
  };
  const kept = await start(TRACEPARENT);

  const broker = await startEmbeddedBroker({ port });
  await until('the queue', 15, () => broker.queues().some(({ name }) => name === 'sms-worker.sms.send'));
  const traces = await tracesIn(broker.url);
  expect(await traces.of(kept)).toBe(TRACEPARENT);
  expect(await traces.of(await start(TRACEPARENT))).toBe(TRACEPARENT);
  const begun = await traces.of(await start('00-nonsense'));
  expect(begun).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);

  await traces.close();
  await close();
  await broker.close();
});
