import { randomUUID } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Options } from 'amqplib';
import { withChannel } from '../../support/broker-view.js';
import { until } from '../../support/until.ts';
import { nextNumber } from '../client.js';
import type { Row } from '../row.js';
import { PARKED_QUEUE, type Scene } from '../scene.js';

const good = () => ({
  messageId: randomUUID(),
  to: nextNumber(),
  template: 'verification-code',
  locale: 'zh-CN',
  params: { code: '135246', minutes: '5' },
  expiresAt: new Date(Date.now() + 300_000).toISOString(),
});
const packet = (data: unknown) => JSON.stringify({ pattern: 'sms.send', data });
const deep = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

/** What other people's producers, and worse, may publish. Each ends in the parked queue, none ends a worker. */
const POISON: readonly { readonly body: () => string | Buffer; readonly options?: Options.Publish }[] = [
  { body: () => '' },
  { body: () => '{"pattern": "sms.send", "data"' },
  { body: () => Buffer.from([0xff, 0xfe, 0x00, 0x80]) },
  { body: () => '[]' },
  { body: () => 'null' },
  { body: () => '42' },
  { body: () => '{"pattern":"sms.send","data":{"a":NaN}}' },
  { body: () => packet(null) },
  { body: () => packet('text') },
  { body: () => packet([]) },
  { body: () => packet({}) },
  { body: () => packet({ ...good(), to: 12 }) },
  { body: () => packet({ ...good(), to: '13800138000' }) },
  { body: () => packet({ ...good(), messageId: undefined }) },
  { body: () => packet({ ...good(), params: null }) },
  { body: () => packet({ ...good(), params: [] }) },
  { body: () => packet({ ...good(), template: 'lottery' }) },
  { body: () => packet({ ...good(), expiresAt: 'tomorrow' }) },
  { body: () => packet({ ...good(), to: 'sealed:v1:k1:AAAA' }) },
  { body: () => `{"pattern":"sms.send","data":{"__proto__":{"to":"+8613900000000"}}}` },
  { body: () => packet(JSON.parse(deep(2000))) },
  { body: () => `{"pattern":"sms.send","data":{"params":${deep(4000)}}}` },
  { body: () => JSON.stringify({ pattern: 'sms.sing', data: good() }) },
  { body: () => JSON.stringify({ pattern: { cmd: 'sms.send' }, data: good() }) },
  { body: () => packet({ ...good(), locale: 'x'.repeat(1_000_000) }) },
  { body: () => deflateSync(packet(good())), options: { contentEncoding: 'gzip' } },
  { body: () => Buffer.from('\x80\x05\x95'), options: { contentType: 'application/x-python-serialize' } },
  { body: () => '[["13800138000","1234"],{},{}]', options: { headers: { task: 'sms.send', lang: 'py' } } },
  { body: () => packet({ ...good(), to: undefined }), options: { headers: { 'x-attempt': 'many', 'x-death': null } } },
];

async function feedPoison(scene: Scene): Promise<void> {
  scene.injected();
  await withChannel(scene.cluster.alive.url, async (channel) => {
    for (const { body, options } of POISON)
      channel.publish('otpost', 'sms.send', Buffer.from(body() as string), { persistent: true, ...options });
    await channel.waitForConfirms();
  });
  await until('all is parked', 20, async () => (await scene.ready(PARKED_QUEUE)) >= POISON.length).catch(
    (error: Error) => scene.note(error.message),
  );
  scene.expect(
    scene.workers.every(({ isRunning }) => isRunning),
    'a worker died of it',
  );
  scene.healed();
}

/** Beside whatever was under way, beside a few suspects, and three times without any other. */
const DEATHS = 5;

/** A message whose handling ends the worker each time: it alone is parked. */
async function killOnTouch(scene: Scene): Promise<void> {
  const [worker] = scene.workers;
  const guilty = nextNumber();
  let deaths = 0;
  scene.carrier.onRequest = (to) => {
    if (to !== guilty) return;
    worker!.signal('SIGKILL');
    deaths++;
  };
  scene.carrier.fail({ to: guilty, hang: 'before' });
  scene.carrier.fail({ latencyMs: 200 });
  scene.injected();
  const innocent = scene.client.burst(200);
  await scene.client.ask(guilty);
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && deaths < 50;) {
    if (!worker!.isRunning) await worker!.start({ ready: false });
    else if ((await scene.ready(PARKED_QUEUE)) > 0) break;
    await scene.wait(0.2);
  }
  await innocent;
  scene.note(`the worker died ${deaths} times`);
  scene.expect(deaths === DEATHS, `the worker died ${deaths} times, not ${DEATHS}`);
  scene.carrier.onRequest = () => undefined;
  scene.carrier.heal();
  if (!worker!.isRunning) await worker!.start();
  scene.healed();
}

export const poisonRows: readonly Row[] = [
  {
    id: 'F22',
    title: `${POISON.length} messages that cannot be read`,
    nodes: 1,
    bounds: { parked: POISON.length, gapSeconds: 5 },
    play: feedPoison,
  },
  {
    id: 'F23',
    title: 'a message that ends the worker whenever it is touched, among 200 others',
    nodes: 1,
    workers: 1,
    rate: 0,
    settings: { SMS_SEND_TIMEOUT_SECONDS: '1' },
    bounds: { parked: 1 },
    drainSeconds: 30,
    play: killOnTouch,
  },
];
