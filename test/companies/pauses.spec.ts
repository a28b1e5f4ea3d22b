import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { otpost } from '../cli/otpost.js';
import { connectedRedis } from '../gateway/stores.js';
import { newNumber, startSystem, type System } from '../support/system.js';
import { until } from '../support/until.js';

/** An operator takes companies off their routes: gateway, worker and lab over real sockets. */
describe.each(['memory', 'Redis'])('pausing a company, with %s', (store) => {
  let broker: EmbeddedBroker;
  let redis: Awaited<ReturnType<typeof connectedRedis>> | undefined;
  let system: System;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    redis = store === 'Redis' ? await connectedRedis() : undefined;
    system = await startSystem(
      { rabbitUrl: broker.url, ...(redis && { redisUrl: redis.url }) },
      { SMS_PROVIDERS: 'ccp,webhook' },
    );
  });
  afterAll(async () => {
    await system.close();
    await redis?.close();
    await broker.close();
  });

  /** Which company takes the next text. */
  const takenBy = async () => {
    const to = newNumber();
    await system.post('/v1/verifications', { to });
    const text = await until('a text', 10, () => system.lab.inbox.list(to)[0]);
    return text.provider;
  };
  const companies = async () =>
    (await system.get('/v1/companies')).body as unknown as { companies: { name: string; paused: boolean }[] };
  const cli = (...args: string[]) => otpost(['companies', ...args], { OTPOST_URL: new URL(system.receiptsUrl).origin });
  const workerKnows = (name: string, paused: boolean) =>
    until(`${name} is ${paused ? '' : 'not '}paused at the worker`, 5, async () => {
      const metrics = await (await fetch(`${await system.worker.getUrl()}/metrics`)).text();
      return metrics.includes(`otpost_provider_paused{provider="${name}"} ${paused ? 1 : 0}\n`);
    });

  it('shows what the worker has on its routes', async () => {
    await until('the worker has reported', 5, async () => (await companies()).companies.length > 0);
    const nothing = { paused: false, pause: null, changedAt: null, changedBy: null };
    const workers = { closed: 1, halfOpen: 0, open: 0 };
    expect(await companies()).toEqual({
      companies: [
        { name: 'ccp', ...nothing, workers },
        { name: 'webhook', ...nothing, workers },
      ],
    });
  });

  it('it gets no text, the next on the route does, and resuming brings it back', async () => {
    expect(await takenBy()).toBe('ccp');

    const paused = await system.post('/v1/companies/ccp/pause', { reason: 'their maintenance' });
    expect(paused).toMatchObject({
      status: 200,
      body: { name: 'ccp', paused: true, pause: { reason: 'their maintenance', until: null }, changedBy: 'anybody' },
    });
    await workerKnows('ccp', true);
    for (let n = 0; n < 3; n++) expect(await takenBy()).toBe('webhook');

    expect(await system.post('/v1/companies/ccp/resume')).toMatchObject({
      status: 200,
      body: { name: 'ccp', paused: false, pause: null },
    });
    await workerKnows('ccp', false);
    expect(await takenBy()).toBe('ccp');
  });

  it('for a time: it comes back by itself', async () => {
    await system.post('/v1/companies/ccp/pause', { reason: 'a short while', forSeconds: 3 });
    await workerKnows('ccp', true);
    expect(await takenBy()).toBe('webhook');

    await until('ccp takes texts again', 10, async () => (await takenBy()) === 'ccp');
    expect((await companies()).companies[0]).toMatchObject({ name: 'ccp', paused: false, pause: null });
  });

  it('by otpost', async () => {
    expect(await cli('pause', 'ccp', '--reason', 'maintenance', '--for', '1h')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ccp paused until \d{4}-.*Z\n$/),
      stderr: '',
    });
    const { stdout } = await cli('list');
    expect(stdout).toMatch(/^ccp +yes +\d{4}\S+Z +1 +0 +0 +\S+ +anybody +maintenance$/m);
    expect(stdout).toMatch(/^webhook +no +- +1 +0 +0 +- +- +-$/m);
    expect(JSON.parse((await cli('list', '--json')).stdout)).toHaveLength(2);

    expect(await cli('resume', 'ccp')).toMatchObject({ code: 0, stdout: 'ccp is not paused\n' });
    expect(await cli('pause', 'twilio', '--reason', 'not used yet')).toMatchObject({
      code: 0,
      stdout: 'twilio paused until it is resumed\n',
      stderr: 'No running worker has twilio on a route: it takes effect when one has.\n',
    });
    await cli('resume', 'twilio');
  });

  it.each([
    [['pause', 'ccp'], 2, /--reason says why/],
    [['pause', '--reason', 'x'], 2, /Which one\?/],
    [['pause', 'ccp', '--reason', 'x', '--for', 'soon'], 2, /--for is seconds/],
    [['pause', 'ccp', '--reason', 'x', '--for', '8d'], 1, /forSeconds/],
    [['resume', 'nobody'], 1, /There is no such company. Known: ccp, aliyun/],
  ])('otpost companies %j is refused', async (args, code, sentence) => {
    expect(await cli(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(sentence) });
  });
});
