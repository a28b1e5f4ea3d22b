import { randomUUID } from 'node:crypto';
import { dead, done, park, retry, StartRefused } from '@app/common';
import { deleteConsumer, messagesIn, takeFrom, withChannel } from '../support/broker-view.js';
import { startConsumer, TEST_PATTERN, TestHappened, type ConsumerApp, type TestHandler } from './consumer-app.js';
import { until } from '../support/until.js';
import { publishRaw } from './raw-publish.js';

const DELAYS = [100, 200, 300, 400];

/** What the transport promises on every broker. */
export function transportSuite(name: string, url: () => string): void {
  describe(`transport on ${name}`, () => {
    let app: ConsumerApp | undefined;
    let closed = false;

    const start = async (handler: TestHandler, options?: Parameters<typeof startConsumer>[2]) => {
      closed = false;
      app = await startConsumer(url(), handler, options);
      await until(
        'the publisher is connected',
        5,
        async () => (await app!.publisher.publish(event('warm-up'), { messageId: randomUUID() })) === 'confirmed',
      );
      await until('the warm-up is handled', 5, () => app!.handled.some(({ text }) => text === 'warm-up'));
      app.handled.length = 0;
      return app;
    };
    const stop = async () => {
      if (app && !closed) await app.close();
      closed = true;
    };
    afterEach(async () => {
      await stop();
      if (app) await deleteConsumer(url(), app.name, DELAYS);
      app = undefined;
    });

    const event = (text: string) => Object.assign(new TestHappened(), { text });
    const unlessWarmUp =
      (handler: TestHandler): TestHandler =>
      (happened) =>
        happened.text === 'warm-up' ? done() : handler(happened);
    const publish = (text: string, messageId: string = randomUUID()) =>
      app!.publisher.publish(event(text), { messageId });
    const raw = (content: Buffer | string, options: object = {}, key = TEST_PATTERN) =>
      withChannel(url(), async (channel) => {
        channel.publish('otpost', key, Buffer.from(content), options);
        await channel.waitForConfirms();
      });
    const parked = () => until('a message is parked', 5, () => takeFrom(url(), `${app!.name}.parked`));
    const deadLetter = () => until('a message is dead', 5, () => takeFrom(url(), `${app!.queue}.dead`));
    const empty = () => until('the queue is empty', 5, async () => (await messagesIn(url(), app!.queue)) === 0);

    it('confirms what a queue has, and says when no queue is bound', async () => {
      await start(() => done());

      expect(await publish('hello')).toBe('confirmed');
      await until('it is handled', 5, () => app!.handled.length === 1);
      await withChannel(url(), (channel) => channel.unbindQueue(app!.queue, 'otpost', TEST_PATTERN));

      expect(await publish('nobody listens')).toBe('returned');
    });

    it('binds a queue again whose binding is gone, once a publish has come back', async () => {
      await start(() => done());
      await withChannel(url(), (channel) => channel.unbindQueue(app!.queue, 'otpost', TEST_PATTERN));

      await until('an event is confirmed again', 5, async () => (await publish('again')) === 'confirmed');
      await until('it is handled', 5, () => app!.handled.some(({ text }) => text === 'again'));
    });

    it('finds the node that answers among several', async () => {
      await start(() => done(), { otherUrls: ['amqp://127.0.0.1:1', 'amqp://127.0.0.1:2'] });

      expect(await publish('hello')).toBe('confirmed');
    });

    it('tries again after the policy’s waits, then keeps a dead letter that says why', async () => {
      await start(unlessWarmUp(() => Promise.reject(new Error('busy'))));
      const messageId = randomUUID();
      await publish('try me', messageId);

      const letter = await deadLetter();

      const waits = app!.handled.map(({ at }, n, all) => at - (all[n - 1]?.at ?? at));
      expect(waits).toHaveLength(4);
      [100, 200, 400].forEach((wait, n) => expect(waits[n + 1]).toBeGreaterThanOrEqual(wait - 5));
      expect(letter.properties).toMatchObject({
        messageId,
        headers: { 'x-attempt': 4, 'x-reason': 'attempts used up: busy', 'x-class': 'RETRYABLE' },
      });
      expect(letter.properties.headers).not.toHaveProperty('x-death');
      expect(JSON.parse(letter.content.toString())).toEqual({ pattern: TEST_PATTERN, data: { text: 'try me' } });
    });

    it('a wait that somebody else asked for is rounded up and uses up no attempt', async () => {
      let calls = 0;
      await start(unlessWarmUp(() => (++calls <= 6 ? retry('come back later', 150) : dead('enough'))));
      await publish('later');

      const letter = await deadLetter();

      expect(letter.properties.headers).toMatchObject({ 'x-attempt': 1, 'x-deferrals': 6 });
      const gaps = app!.handled.slice(1).map(({ at }, n) => at - app!.handled[n]!.at);
      for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(195);
    });

    it('a permanent refusal is dead at once', async () => {
      await start(unlessWarmUp(() => dead('no such number', { errorClass: 'PERMANENT', provider: 'ccp' })));
      await publish('once');

      const letter = await deadLetter();

      expect(letter.properties.headers).toMatchObject({
        'x-reason': 'no such number',
        'x-class': 'PERMANENT',
        'x-provider': 'ccp',
        'x-attempt': 1,
      });
      expect(app!.handled).toHaveLength(1);
    });

    it.each([
      ['not-json', '{"pattern"', {}],
      ['not-utf8', Buffer.from([0x7b, 0xff, 0xfe]), {}],
      ['not-an-object', '[1,2]', {}],
      ['unknown-pattern', '{"pattern":"test.unheard","data":{}}', {}],
      ['schema: text', `{"pattern":"${TEST_PATTERN}","data":{"text":7}}`, {}],
      ['schema: text', `{"pattern":"${TEST_PATTERN}","data":{}}`, { headers: { 'x-attempt': 'many' } }],
      ['too-large: 70000 bytes', 'x'.repeat(70_000), {}],
    ])('parks what it cannot read with its reason: %s', async (reason, body, options) => {
      await start(() => done());
      await raw(body, options);

      const message = await parked();

      expect(message.properties.headers).toMatchObject({ 'x-reason': reason, 'x-queue': app!.queue });
      expect(app!.handled).toHaveLength(0);
      await publish('still up');
      await until('the next event is handled', 5, () => app!.handled.length === 1);
    });

    it.each([
      ['a packet with an id', `{"id":"7","pattern":"${TEST_PATTERN}","data":{"text":"read"}}`, {}],
      ['bare JSON with the type', '{"text":"read"}', { type: TEST_PATTERN }],
      ['bare JSON with the routing key', '{"text":"read"}', {}],
      [
        'a structured CloudEvent',
        `{"specversion":"1.0","id":"1","source":"/s","type":"${TEST_PATTERN}","data":{"text":"read"}}`,
        {},
      ],
      [
        'a binary CloudEvent',
        '{"text":"read"}',
        { headers: { 'cloudEvents:type': TEST_PATTERN, 'cloudEvents:id': '1' } },
      ],
    ])('reads %s', async (_form, body, options) => {
      await start(() => done());
      await raw(body, options);

      await until('it is handled', 5, () => app!.handled.some(({ text }) => text === 'read'));
      await empty();
    });

    it('parks a message whose headers leave no room for ours, and stays up', async () => {
      await start(() => done());
      await raw('{"pattern"', { headers: { blob: 'x'.repeat(65_450) } });

      expect((await parked()).properties.headers!['x-reason']).toMatch(/^unwritable-properties: /);
      await publish('still up');
      await until('the next event is handled', 5, () => app!.handled.length === 1);
    });

    it('parks a message whose id is no UTF-8, and stays up', async () => {
      await start(() => done());
      await publishRaw(url(), {
        exchange: 'otpost',
        routingKey: TEST_PATTERN,
        messageId: Buffer.alloc(200, 0xff),
        body: '{"pattern"',
      });

      expect((await parked()).properties.headers!['x-reason']).toMatch(/^unwritable-properties: /);
      await publish('still up');
      await until('the next event is handled', 5, () => app!.handled.length === 1);
    });

    it('a backlog at the start is handled once: the publisher is connected first', async () => {
      await start(() => done());
      const { name: consumer } = app!;
      await stop();
      await withChannel(url(), async (channel) => {
        for (let n = 0; n < 200; n++) channel.publish('otpost', TEST_PATTERN, Buffer.from(`{"text":"n${n}"}`));
        await channel.waitForConfirms();
      });
      closed = false;
      app = await startConsumer(
        url(),
        async (happened) => {
          const told = await app!.publisher.publish(event(`told ${happened.text}`), { messageId: randomUUID() });
          return told === 'confirmed' || happened.text.startsWith('told') ? done() : retry(told);
        },
        { name: consumer },
      );

      await until(
        'all are handled',
        10,
        () => app!.handled.filter(({ text }) => !text.startsWith('told')).length >= 200,
      );
      expect(app.handled.filter(({ text }) => !text.startsWith('told'))).toHaveLength(200);
    });

    it('a copy that cannot be published is tried again without asking the handler again', async () => {
      await start(
        unlessWarmUp(() => retry('busy', 100)),
        { policy: { deferSeconds: [0.1, 60] } },
      );
      await withChannel(url(), (channel) => channel.deleteQueue(`${app!.queue}.retry.100`)); // the copy is returned
      await publish('again');

      // Declared again, and the wait goes on.
      await until('it is handled a second time', 10, () => app!.handled.length >= 2);
    });

    it('bare JSON that is tried again is still read by the pattern it came with', async () => {
      let calls = 0;
      await start(unlessWarmUp(() => (++calls === 1 ? retry('busy') : done())));
      await raw('{"text":"bare"}');

      await until('it is handled a second time', 5, () => calls === 2);
      expect(await messagesIn(url(), `${app!.name}.parked`)).toBe(0);
    });

    it('a handler may park', async () => {
      await start(unlessWarmUp(() => park('unsealable: code')));
      await publish('odd');

      expect((await parked()).properties.headers).toMatchObject({ 'x-reason': 'unsealable: code' });
    });

    it('subscribes again when its queue is deleted under it', async () => {
      await start(() => done());
      await withChannel(url(), (channel) => channel.deleteQueue(app!.queue));

      await until('events are handled again', 5, async () => {
        if ((await publish('again')) !== 'confirmed') return false;
        return until('handled', 1, () => app!.handled.length > 0).catch(() => false);
      });
    });

    it('S55 redelivery is bounded: what is delivered once more than the limit of 1000 lands in the parked queue, and says why', async () => {
      await start(() => done());
      await stop();
      const deliveries = await withChannel(url(), async (channel) => {
        let count = 0;
        await channel.prefetch(1);
        await channel.consume(app!.queue, (message) => {
          if (!message) return;
          count++;
          channel.nack(message, false, true);
        });
        channel.publish('otpost', TEST_PATTERN, Buffer.from('{"text":"again and again"}'), { persistent: true });
        await until('it is parked', 30, async () => (await messagesIn(url(), `${app!.name}.parked`)) === 1);
        return count;
      });

      expect(deliveries).toBe(1001);
      expect(await messagesIn(url(), app!.queue)).toBe(0);
      const { properties } = await parked();
      expect(properties.headers).toMatchObject({
        'x-first-death-reason': 'delivery_limit',
        'x-first-death-queue': app!.queue,
      });
    });

    it('reconnects by itself after a channel error', async () => {
      await start(() => done());
      const channel = (app!.server as unknown as { subscription: { channel: { ack(message: object): void } } })
        .subscription.channel;
      channel.ack({ fields: { deliveryTag: 987654 } }); // 406: closes the channel

      await until('the subscription went', 5, () => app!.server.trouble);
      await until('it is back', 10, () => !app!.server.trouble);
      await publish('after the error');
      await until('it is handled', 5, () => app!.handled.some(({ text }) => text === 'after the error'));
    });

    it('takes nothing while paused, and goes on afterwards', async () => {
      await start(() => done());
      app!.server.pause('test');
      await until(
        'nothing is consumed',
        5,
        async () => (await withChannel(url(), (channel) => channel.checkQueue(app!.queue))).consumerCount === 0,
      );
      await publish('waits');
      expect(await messagesIn(url(), app!.queue)).toBe(1);
      expect(app!.server.trouble).toBe('paused: test');

      app!.server.resume('test');

      await until('it is handled', 5, () => app!.handled.length === 1);
    });

    it('drains: what runs ends, each event is handled once, nothing is left and nothing new is taken', async () => {
      const release: (() => void)[] = [];
      await start(unlessWarmUp(() => new Promise((resolve) => release.push(() => resolve(done())))));
      await Promise.all(Array.from({ length: 300 }, (_, n) => publish(`n${n}`)));
      await until('all are running', 5, () => release.length === 300);

      const closing = stop();
      await until('nothing is consumed', 5, () => app!.server.trouble === 'not subscribed');
      await raw('{"text":"too late"}');
      release.forEach((each) => each());
      await closing;

      expect(app!.handled).toHaveLength(300);
      expect(await messagesIn(url(), app!.queue)).toBe(1);
    });

    it('hands back what does not end in time', async () => {
      await start(
        unlessWarmUp(() => new Promise(() => undefined)),
        { drainMs: 100 },
      );
      await publish('stuck');
      await until('it is running', 5, () => app!.handled.length === 1);

      await stop();

      await until('it is back in the queue', 5, async () => (await messagesIn(url(), app!.queue)) === 1);
    });

    it('refuses to start where a queue stands with other arguments, with one sentence', async () => {
      await start(() => done());
      const { name: consumer, queue } = app!;
      await stop();
      await withChannel(url(), async (channel) => {
        await channel.deleteQueue(`${queue}.retry.100`);
        await channel.assertQueue(`${queue}.retry.100`, {
          arguments: {
            'x-queue-type': 'quorum',
            'x-dead-letter-strategy': 'at-least-once',
            'x-overflow': 'reject-publish',
            'x-message-ttl': 111,
            'x-dead-letter-exchange': consumer,
            'x-dead-letter-routing-key': queue,
          },
        });
      });

      const second = startConsumer(url(), () => done(), { name: consumer });

      await expect(second).rejects.toThrow(StartRefused);
      await expect(second).rejects.toThrow(
        /already has the queue 'test-\w+\.lane\.retry\.100' with another x-message-ttl: Otpost needs '100', the broker has '111'/,
      );
    });
  });
}
