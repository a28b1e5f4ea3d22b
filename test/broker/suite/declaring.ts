import type { Options } from 'amqplib';
import { casesOf, countOf, publish, QUORUM, refusal, type BrokerUnderTest, type Case } from '../workbench.ts';
import { until } from '../../support/until.ts';

const typed = (type: string, value: number) => ({ '!': type, value });
const SAFE = { ...QUORUM, 'x-dead-letter-exchange': 'a', 'x-overflow': 'reject-publish' };

/** First arguments, second arguments, what RabbitMQ says of the second. */
const INEQUIVALENT: [object, object, string][] = [
  [
    { 'x-message-ttl': 1000 },
    { 'x-message-ttl': 2000 },
    "'x-message-ttl' for Q: received '2000' but current is '1000'",
  ],
  [
    { 'x-message-ttl': 1000 },
    {},
    "'x-message-ttl' for Q: received none but current is the value '1000' of type 'short'",
  ],
  [{}, { 'x-message-ttl': 5 }, "'x-message-ttl' for Q: received the value '5' of type 'byte' but current is none"],
  ...[
    ['uint8', 'unsignedbyte'],
    ['uint16', 'unsignedshort'],
    ['int', 'signedint'],
    ['uint32', 'unsignedint'],
    ['long', 'long'],
  ].map(([wire, name]): [object, object, string] => [
    {},
    { 'x-message-ttl': typed(wire!, 200) },
    `'x-message-ttl' for Q: received the value '200' of type '${name}' but current is none`,
  ]),
  [{ 'x-expires': 90000 }, { 'x-expires': 90001 }, "'x-expires' for Q: received '90001' but current is '90000'"],
  [{ 'x-max-length': 1 }, { 'x-max-length': 2 }, "'x-max-length' for Q: received '2' but current is '1'"],
  [
    { 'x-dead-letter-exchange': 'a' },
    { 'x-dead-letter-exchange': 'b' },
    "'x-dead-letter-exchange' for Q: received 'b' but current is 'a'",
  ],
  [
    { 'x-dead-letter-exchange': 'a' },
    {},
    "'x-dead-letter-exchange' for Q: received none but current is the value 'a' of type 'longstr'",
  ],
  [
    { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'k' },
    { 'x-dead-letter-exchange': 'a', 'x-dead-letter-routing-key': 'l' },
    "'x-dead-letter-routing-key' for Q: received 'l' but current is 'k'",
  ],
  [
    { ...SAFE, 'x-dead-letter-strategy': 'at-least-once' },
    SAFE,
    "'x-dead-letter-strategy' for Q: received none but current is the value 'at-least-once' of type 'longstr'",
  ],
  [
    { 'x-overflow': 'reject-publish' },
    { 'x-overflow': 'drop-head' },
    "'x-overflow' for Q: received 'drop-head' but current is 'reject-publish'",
  ],
  [
    { ...QUORUM, 'x-delivery-limit': 1000 },
    { ...QUORUM, 'x-delivery-limit': 2 },
    "'x-delivery-limit' for Q: received '2' but current is '1000'",
  ],
  [
    { ...QUORUM, 'x-delivery-limit': 1000 },
    QUORUM,
    "'x-delivery-limit' for Q: received none but current is the value '1000' of type 'short'",
  ],
  [{}, QUORUM, "'x-queue-type' for Q: received the value 'quorum' of type 'longstr' but current is none"],
  [QUORUM, {}, "'x-queue-type' for Q: received none but current is the value 'quorum' of type 'longstr'"],
  [
    { 'x-single-active-consumer': true },
    {},
    "'x-single-active-consumer' for Q: received none but current is the value 'true' of type 'bool'",
  ],
  [
    { ...QUORUM, 'x-message-ttl': 1, 'x-delivery-limit': 1, 'x-max-length': 1, 'x-dead-letter-exchange': 'a' },
    { ...QUORUM, 'x-message-ttl': 2, 'x-delivery-limit': 2, 'x-max-length': 2, 'x-dead-letter-exchange': 'b' },
    "'x-dead-letter-exchange' for Q: received 'b' but current is 'a'",
  ],
  [
    { ...QUORUM, 'x-message-ttl': 1, 'x-delivery-limit': 1 },
    { ...QUORUM, 'x-message-ttl': 2, 'x-delivery-limit': 2 },
    "'x-delivery-limit' for Q: received '2' but current is '1'",
  ],
  [
    { 'x-message-ttl': 1, 'x-max-length': 1, 'x-dead-letter-exchange': 'a' },
    { 'x-message-ttl': 2, 'x-max-length': 2, 'x-dead-letter-exchange': 'b' },
    "'x-message-ttl' for Q: received '2' but current is '1'",
  ],
];

const EQUIVALENT: [string, object, object][] = [
  ['an integer of another width', { 'x-message-ttl': typed('int', 1000) }, { 'x-message-ttl': typed('long', 1000) }],
  ['the classic type, said or not', { 'x-queue-type': 'classic' }, {}],
  ['an argument that means nothing', { 'x-anything': 1 }, {}],
];

const INVALID: [object, string][] = [
  [{ 'x-message-ttl': 'abc' }, `invalid arg 'x-message-ttl' for Q: "expected integer, got longstr"`],
  [{ 'x-message-ttl': 1.5 }, `invalid arg 'x-message-ttl' for Q: "expected integer, got double"`],
  [{ 'x-message-ttl': -1 }, "invalid arg 'x-message-ttl' for Q: {value_negative,-1}"],
  [{ 'x-message-ttl': 2 ** 40 }, "invalid arg 'x-message-ttl' for Q: {value_too_large,1099511627776}"],
  [{ 'x-max-length': -1 }, "invalid arg 'x-max-length' for Q: {value_negative,-1}"],
  [{ 'x-expires': 0 }, "invalid arg 'x-expires' for Q: {value_zero,0}"],
  [
    { 'x-dead-letter-routing-key': 'a' },
    "invalid arg 'x-dead-letter-routing-key' for Q: routing_key_but_no_dlx_defined",
  ],
  [{ 'x-dead-letter-exchange': 4 }, "invalid type 'byte' for arg 'x-dead-letter-exchange' in Q"],
  [{ 'x-overflow': 'spill' }, "invalid arg 'x-overflow' for Q: invalid_overflow"],
  [{ 'x-queue-type': 'ring' }, `invalid arg 'x-queue-type' for Q: "unsupported queue type 'ring'"`],
  [{ 'x-queue-type': 4 }, "invalid arg 'x-queue-type' for Q: {unacceptable_type,byte}"],
  [
    { ...QUORUM, 'x-dead-letter-strategy': 'sometimes' },
    "invalid arg 'x-dead-letter-strategy' for Q: invalid_dlx_strategy",
  ],
  [{ 'x-delivery-limit': 1 }, "invalid arg 'x-delivery-limit' for Q of queue type rabbit_classic_queue"],
  [{ ...QUORUM, 'x-max-priority': 4 }, "invalid arg 'x-max-priority' for Q of queue type rabbit_quorum_queue"],
  [{ ...QUORUM, 'x-queue-mode': 'lazy' }, "invalid arg 'x-queue-mode' for Q of queue type rabbit_quorum_queue"],
];

const LOCKED =
  'It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.';

export function declaring(broker: BrokerUnderTest): void {
  const test = casesOf(broker);
  for (const [first, second, sentence] of INEQUIVALENT) {
    test(`refuses another declaration: ${sentence}`, async (bench) => {
      const queue = await bench.queue(await bench.channel(), first);
      const said = await refusal(bench, (channel) => channel.assertQueue(queue, { arguments: second }));
      expect(said).toBe(
        `406 PRECONDITION_FAILED - inequivalent arg ${sentence}`.replace('Q', `queue '${queue}' in vhost '/'`),
      );
    });
  }
  for (const [what, first, second] of EQUIVALENT) {
    test(`takes as the same declaration ${what}`, async (bench) => {
      const channel = await bench.channel();
      const queue = await bench.queue(channel, first);
      await expect(channel.assertQueue(queue, { arguments: second })).resolves.toMatchObject({ queue });
    });
  }
  for (const [args, sentence] of INVALID) {
    test(`refuses a queue: ${sentence}`, async (bench) => {
      const queue = bench.queueName();
      const said = await refusal(bench, (channel) => channel.assertQueue(queue, { arguments: args }));
      expect(said).toBe(`406 PRECONDITION_FAILED - ${sentence}`.replace(' Q', ` queue '${queue}' in vhost '/'`));
    });
  }
  properties(test);
  exchanges(test);
  bindings(test);
  queues(test);
}

function properties(test: Case): void {
  const cases: [Options.AssertQueue, string][] = [
    [{ durable: false }, "'durable' for Q: received 'false' but current is 'true'"],
    [{ autoDelete: true }, "'auto_delete' for Q: received 'true' but current is 'false'"],
  ];
  for (const [options, sentence] of cases) {
    test(`refuses another declaration: ${sentence}`, async (bench) => {
      const queue = await bench.queue(await bench.channel());
      const said = await refusal(bench, (channel) => channel.assertQueue(queue, options));
      expect(said).toBe(
        `406 PRECONDITION_FAILED - inequivalent arg ${sentence}`.replace('Q', `queue '${queue}' in vhost '/'`),
      );
    });
  }

  const impossible: [Options.AssertQueue, string][] = [
    [{ durable: false }, 'non-durable'],
    [{ autoDelete: true }, 'auto-delete'],
    [{ exclusive: true }, 'exclusive-owner'],
  ];
  for (const [options, property] of impossible) {
    test(`has no ${property} quorum queue`, async (bench) => {
      const queue = bench.queueName();
      const said = await refusal(bench, (channel) => channel.assertQueue(queue, { ...options, arguments: QUORUM }));
      expect(said).toBe(`406 PRECONDITION_FAILED - invalid property '${property}' for queue '${queue}' in vhost '/'`);
    });
  }

  test('names a queue for whoever gives no name, and means it by an empty name', async (bench) => {
    const channel = await bench.channel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    expect(queue).toMatch(/^amq\.gen-[\w-]{22}$/);
    await channel.bindQueue('', 'amq.topic', queue);
    channel.publish('amq.topic', queue, Buffer.from('a'));
    await channel.waitForConfirms();
    expect(await channel.purgeQueue('')).toEqual({ messageCount: 1 });
    expect(await refusal(bench, (fresh) => fresh.purgeQueue(''))).toBe('404 NOT_FOUND - no previously declared queue');
  });

  test('an exclusive queue is locked for others and goes with its connection', async (bench) => {
    const owner = await bench.connection();
    const queue = bench.queueName();
    await (await bench.channel(owner)).assertQueue(queue, { exclusive: true });
    const locked = `405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'. ${LOCKED}`;
    expect(await refusal(bench, (channel) => channel.checkQueue(queue))).toBe(locked);
    expect(await refusal(bench, (channel) => channel.assertQueue(queue))).toBe(locked);
    expect(await refusal(bench, (channel) => channel.consume(queue, () => undefined))).toBe(locked);

    await owner.close();
    await until('the queue gone', 5, async () =>
      (await refusal(bench, (channel) => channel.checkQueue(queue))).startsWith('404'),
    );
  });

  test('an auto-delete queue goes with its last consumer', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel, {}, { autoDelete: true });
    for (const consumerTag of ['a', 'b']) await channel.consume(queue, () => undefined, { consumerTag });
    await channel.cancel('a');
    await expect(channel.checkQueue(queue)).resolves.toMatchObject({ consumerCount: 1 });
    await channel.cancel('b');
    await until('the queue gone', 5, async () =>
      (await refusal(bench, (other) => other.checkQueue(queue))).startsWith('404'),
    );
  });

  test('an unused queue expires, a consumed one does not', async (bench) => {
    const channel = await bench.channel();
    const [unused, used] = [
      await bench.queue(channel, { 'x-expires': 300 }),
      await bench.queue(channel, { 'x-expires': 300 }),
    ];
    await channel.consume(used, () => undefined);
    await until('the queue gone', 5, async () => {
      const probe = await bench.channel();
      return probe.bindQueue(unused, 'amq.topic', 'a').then(
        () => false,
        () => true,
      );
    });
    await expect(channel.checkQueue(used)).resolves.toMatchObject({ consumerCount: 1 });
  });
}

function exchanges(test: Case): void {
  const cases: [Options.AssertExchange, string, Options.AssertExchange, string][] = [
    [{}, 'direct', {}, "'type' for X: received 'direct' but current is 'topic'"],
    [{}, 'topic', { durable: false }, "'durable' for X: received 'false' but current is 'true'"],
    [{}, 'topic', { autoDelete: true }, "'auto_delete' for X: received 'true' but current is 'false'"],
    [{}, 'topic', { internal: true }, "'internal' for X: received 'true' but current is 'false'"],
    [
      { alternateExchange: 'x' },
      'topic',
      {},
      "'alternate-exchange' for X: received none but current is the value 'x' of type 'longstr'",
    ],
    [
      { alternateExchange: 'x' },
      'topic',
      { alternateExchange: 'y' },
      "'alternate-exchange' for X: received 'y' but current is 'x'",
    ],
  ];
  for (const [first, type, second, sentence] of cases) {
    test(`refuses another declaration: ${sentence}`, async (bench) => {
      const exchange = await bench.exchange(await bench.channel(), 'topic', first);
      const said = await refusal(bench, (channel) => channel.assertExchange(exchange, type, second));
      expect(said).toBe(
        `406 PRECONDITION_FAILED - inequivalent arg ${sentence}`.replace('X', `exchange '${exchange}' in vhost '/'`),
      );
    });
  }

  test('knows what is there and what is not', async (bench) => {
    const channel = await bench.channel();
    await channel.checkExchange('amq.topic');
    await channel.checkExchange('amq.direct');
    await channel.assertExchange('amq.fanout', 'fanout');
    expect(await refusal(bench, (other) => other.checkExchange('none'))).toBe(
      "404 NOT_FOUND - no exchange 'none' in vhost '/'",
    );
    expect(await refusal(bench, (other) => other.checkQueue('none'))).toBe(
      "404 NOT_FOUND - no queue 'none' in vhost '/'",
    );
  });

  test('keeps its own names and its default exchange to itself', async (bench) => {
    const say = (act: Parameters<typeof refusal>[1]) => refusal(bench, act);
    const untouchable = '403 ACCESS_REFUSED - operation not permitted on the default exchange';
    expect(await say((channel) => channel.assertExchange('amq.mine', 'topic'))).toBe(
      "403 ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
    );
    expect(await say((channel) => channel.assertQueue('amq.mine'))).toBe(
      "403 ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
    );
    expect(await say((channel) => channel.deleteExchange('amq.topic'))).toBe(
      "403 ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed",
    );
    expect(await say((channel) => channel.assertExchange('', 'direct'))).toBe(untouchable);
    expect(await say((channel) => channel.deleteExchange(''))).toBe(untouchable);
    const queue = await bench.queue(await bench.channel());
    expect(await say((channel) => channel.bindQueue(queue, '', 'a'))).toBe(untouchable);
  });

  test('deletes an exchange, if asked only when unused, and twice without complaint', async (bench) => {
    const channel = await bench.channel();
    const exchange = await bench.exchange(channel, 'direct');
    const queue = await bench.queue(channel);
    await channel.bindQueue(queue, exchange, 'a');
    expect(await refusal(bench, (other) => other.deleteExchange(exchange, { ifUnused: true }))).toBe(
      `406 PRECONDITION_FAILED - exchange '${exchange}' in vhost '/' in use`,
    );
    await channel.deleteExchange(exchange);
    await channel.deleteExchange(exchange);
    expect(await refusal(bench, (other) => other.checkExchange(exchange))).toMatch(/^404/);
  });

  test('an auto-delete exchange goes with its last binding', async (bench) => {
    const channel = await bench.channel();
    const exchange = await bench.exchange(channel, 'topic', { autoDelete: true });
    const queue = await bench.queue(channel);
    for (const key of ['a', 'b']) await channel.bindQueue(queue, exchange, key);
    await channel.unbindQueue(queue, exchange, 'a');
    await channel.checkExchange(exchange);
    await channel.unbindQueue(queue, exchange, 'b');
    expect(await refusal(bench, (other) => other.checkExchange(exchange))).toMatch(/^404/);
  });
}

function bindings(test: Case): void {
  test('binds only what is there, and unbinds also what is not', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    expect(await refusal(bench, (other) => other.bindQueue('none', 'amq.topic', 'a'))).toBe(
      "404 NOT_FOUND - no queue 'none' in vhost '/'",
    );
    expect(await refusal(bench, (other) => other.bindQueue(queue, 'none', 'a'))).toBe(
      "404 NOT_FOUND - no exchange 'none' in vhost '/'",
    );
    await channel.unbindQueue(queue, 'amq.topic', 'never-bound');
    await channel.unbindQueue('none', 'amq.topic', 'a');
    await channel.unbindQueue(queue, 'none', 'a');
  });
}

function queues(test: Case): void {
  test('counts messages and consumers, purges, and deletes with or without conditions', async (bench) => {
    const channel = await bench.channel();
    const queue = await bench.queue(channel);
    const place = `queue '${queue}' in vhost '/'`;
    await publish(channel, queue, 'a', 'b', 'c');
    expect(await channel.checkQueue(queue)).toEqual({ queue, messageCount: 3, consumerCount: 0 });
    expect(await refusal(bench, (other) => other.deleteQueue(queue, { ifEmpty: true }))).toBe(
      `406 PRECONDITION_FAILED - ${place} not empty`,
    );
    expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 3 });
    expect(await countOf(channel, queue)).toBe(0);

    const { consumerTag } = await channel.consume(queue, () => undefined);
    expect(await channel.assertQueue(queue)).toEqual({ queue, messageCount: 0, consumerCount: 1 });
    expect(await refusal(bench, (other) => other.deleteQueue(queue, { ifUnused: true }))).toBe(
      `406 PRECONDITION_FAILED - ${place} in use`,
    );
    await channel.cancel(consumerTag);
    await publish(channel, queue, 'a', 'b');
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 2 });
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
    expect(await refusal(bench, (other) => other.purgeQueue(queue))).toBe(`404 NOT_FOUND - no ${place}`);
  });
}
