import { randomUUID } from 'node:crypto';
import { done, type HandlerResult } from '@app/common';
import { messagesIn, withChannel } from '../support/broker-view.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { startConsumer, TEST_PATTERN, TestHappened, type ConsumerApp } from './consumer-app.js';

/** A broker that takes connections and says nothing: what no closed port shows. */
describe('a broker that has fallen silent', () => {
  let proxy: TcpProxy;
  let app: ConsumerApp | undefined;
  const through = () => process.env.RABBITMQ_URL!.replace(/:\d+$/, `:${proxy.port}`);
  const publish = (text: string) =>
    app!.publisher.publish(Object.assign(new TestHappened(), { text }), { messageId: randomUUID() });

  beforeEach(async () => {
    proxy = await TcpProxy.inFrontOf(Number(new URL(process.env.RABBITMQ_URL!).port));
  });
  afterEach(async () => {
    proxy.thaw();
    await app?.close();
    await proxy.close();
    if (app) await withChannel(process.env.RABBITMQ_URL!, (channel) => channel.deleteQueue(app!.queue));
    app = undefined;
  });
  const start = async (handler: () => HandlerResult | Promise<HandlerResult> = done) => {
    app = await startConsumer(through(), handler, { drainMs: 1000, publishTimeoutSeconds: 0.5 });
    await until('the publisher is connected', 5, async () => (await publish('warm-up')) === 'confirmed');
    await until('the warm-up is handled', 5, () => app!.handled.length === 1);
  };

  it('answers a publish with timed-out, and the publish may arrive later', async () => {
    await start();
    proxy.freeze();

    expect(await publish('late')).toBe('timed-out');
    proxy.thaw();

    await until('it arrived', 5, () => app!.handled.some(({ text }) => text === 'late'));
  });

  it('is owed no more than 4096 answers: what comes beyond is refused at once, until it has answered', async () => {
    await start();
    proxy.freeze();

    const many = await Promise.all(Array.from({ length: 4100 }, () => publish('one of many')));
    expect(many.filter((outcome) => outcome === 'full')).toHaveLength(4);
    expect(many.filter((outcome) => outcome === 'timed-out')).toHaveLength(4096);

    expect(await publish('still too many')).toBe('full');
    proxy.thaw();
    await until('it takes publishes again', 20, async () => (await publish('again')) === 'confirmed');
  }, 60_000);

  it('keeps no process from ending, whatever is under way', async () => {
    await start(() => new Promise(() => undefined)); // never ends
    proxy.freeze();
    void publish('unanswered');
    const closing = app!.close();
    let closed = false;
    void closing.then(() => (closed = true));

    await until('it is closed', 12, () => closed);
  });

  it('keeps what it had sent when it did not confirm the cancel: only what was handled is acked', async () => {
    let end = (): void => {};
    await start(() => (app?.handled.length === 2 ? new Promise((resolve) => (end = () => resolve(done()))) : done()));
    await publish('seen');
    await until('it is running', 5, () => app!.handled.length === 2);
    let unseen = 0;
    proxy.rule = ({ method }, direction) => {
      if (direction === 'to-client' && method === 'basic.deliver') unseen++;
      return direction === 'to-broker';
    };
    await withChannel(process.env.RABBITMQ_URL!, async (channel) => {
      channel.publish('otpost', TEST_PATTERN, Buffer.from('{"text":"unseen"}'), { type: TEST_PATTERN });
      await channel.waitForConfirms();
    });
    await until('it is on its way', 5, () => unseen === 1);

    const closing = app!.close();
    end();
    await closing;

    const url = process.env.RABBITMQ_URL!;
    await until('it is in the queue again', 10, async () => (await messagesIn(url, app!.queue)) === 1);
  }, 30_000);

  it('is connected to again after a channel error that it never heard of', async () => {
    await start();
    const { channel } = (app!.server as unknown as { subscription: { channel: { ack(message: object): void } } })
      .subscription;
    channel.ack({ fields: { deliveryTag: 987654 } }); // 406, whose closing handshake falls into the silence
    await until('the subscription went', 5, () => app!.server.trouble);
    proxy.freeze();

    await until('the connection was hung up', 10, () => app!.server.trouble === 'not subscribed');
    proxy.thaw();
    await until('it is back', 15, () => !app!.server.trouble);
    await until('events are handled again', 10, async () => {
      await publish('again');
      return app!.handled.some(({ text }) => text === 'again');
    });
  }, 40_000);
});
