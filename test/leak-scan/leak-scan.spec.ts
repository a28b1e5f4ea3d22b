import { randomInt, randomUUID } from 'node:crypto';
import { messagesIn, withChannel } from '../support/broker-view.js';
import { placesOf } from './places.js';
import { SecretSearch, type Haystack, type Hit } from './search.js';
import type { Secret } from './secrets.js';
import { RESTING, Story } from './story.js';
import { World } from './world.js';

/** A thousand verifications, and then every place where one of their secrets could lie is searched. */
describe('leak scan', () => {
  let world: World;
  let story: Story;
  let places: Haystack[];
  let codes: Set<string>;

  beforeAll(async () => {
    world = await World.start();
    story = new Story(world);
    await story.run();
    await world.scrape();
    await world.stopProcesses();
    places = await placesOf(world, story);
    codes = world.codes;
  }, 300_000);
  afterAll(() => world?.close(), 60_000);

  const secrets = (): Secret[] => [
    ...[...new Set([...codes, ...story.typed])].map((value) => ({ kind: 'code' as const, value })),
    // Without its country code: so it stands in every way of writing it.
    ...[...story.numbers].map((number) => ({ kind: 'number' as const, value: number.slice('+86'.length) })),
    ...world.credentialSecrets,
  ];
  const hitsIn = (haystacks: readonly Haystack[], wanted = secrets()): Hit[] => {
    const search = new SecretSearch(wanted);
    return haystacks.flatMap((haystack) => search.in(haystack));
  };
  const bytesOf = (name: string) =>
    Buffer.concat(places.filter(({ place }) => place.startsWith(name)).map(({ bytes }) => bytes));

  it('had every place to search, with a thousand verifications in it', async () => {
    expect(codes.size).toBeGreaterThan(1000);
    for (const { code } of world.lab.inbox.list()) expect(codes.has(code!)).toBe(true);
    for (const queue of RESTING) expect(await messagesIn(world.rabbit.url, queue)).toBeGreaterThan(0);
    const { messageId, verificationId } = world.sends[0]!;
    for (const place of ['RabbitMQ data', 'RabbitMQ traffic', 'Redis data', 'Redis commands', 'HTTP answers'])
      expect([place, bytesOf(place).includes(messageId) || bytesOf(place).includes(verificationId!)]).toEqual([
        place,
        true,
      ]);
    expect(bytesOf('log').toString()).toMatch(/\+86154\*{4}\d{4}/);
    expect(world.scraped).toHaveLength(2);
    const megabytes = places.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2 ** 20;
    console.log(`${secrets().length} secrets, ${places.length} places, ${megabytes.toFixed(1)} MB`);
  });

  it('S8, S9: finds no code, no number and no credential', () => {
    expect(hitsIn(places)).toEqual([]);
  });

  it('finds what is not sealed', async () => {
    const to = story.number();
    const code = String(randomInt(10 ** 10)).padStart(10, '0');
    await publishPlain(to, code);
    await world.redisCommand(`SET plain ${Buffer.from(`to=${to}&code=${code}`).toString('base64')}`);
    await world.redisCommand(`SET key ${world.credentials.sealingKey.toString('hex')}`);

    const hits = hitsIn(await placesOf(world, story), [
      { kind: 'code', value: code },
      { kind: 'number', value: to.slice('+86'.length) },
      ...world.credentialSecrets,
    ]);

    for (const place of ['RabbitMQ data', 'RabbitMQ traffic', 'RabbitMQ management', 'Redis data', 'Redis commands']) {
      const kinds = new Set(hits.filter((hit) => hit.place.startsWith(place)).map(({ kind }) => kind));
      expect([place, ...kinds].sort()).toEqual(
        [place, 'code', 'number', ...(place.startsWith('Redis') ? ['credential'] : [])].sort(),
      );
    }
  });

  /** As another producer may, which the worker would refuse. */
  async function publishPlain(to: string, code: string): Promise<void> {
    const messageId = randomUUID();
    const data = {
      messageId,
      to,
      template: 'verification-code',
      locale: 'zh-CN',
      params: { code, minutes: '5' },
      expiresAt: new Date(Date.now() + 300_000).toISOString(),
    };
    await withChannel(world.rabbit.url, async (channel) => {
      const content = Buffer.from(JSON.stringify({ pattern: 'sms.send', data }));
      channel.publish('otpost', 'sms.send', content, { messageId, persistent: true });
      await channel.waitForConfirms();
    });
  }
});
