import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Haystack } from './search.js';
import { RESTING, type Story } from './story.js';
import { manage, type World } from './world.js';

/** Everything that outlives a request, and everything that was answered, as bytes. */
export async function placesOf(world: World, story: Story): Promise<Haystack[]> {
  await saveRedis(world);
  const traced = world.traced.map(({ fields, properties, content }) => {
    return Buffer.concat([Buffer.from(`${JSON.stringify({ fields, properties })}\n`), content, Buffer.from('\n')]);
  });
  return [
    ...(await filesIn('RabbitMQ data', join(world.rabbit.dir, 'mnesia'))),
    ...(await filesIn('RabbitMQ log', join(world.rabbit.dir, 'log'))),
    { place: 'RabbitMQ traffic', bytes: Buffer.concat(traced) },
    ...(await management(world)),
    ...(await filesIn('Redis data', world.redis.dir)),
    { place: 'Redis commands', bytes: world.monitor.everything },
    ...world.processes.map(({ output }, n) => ({ place: `log of process ${n}`, bytes: Buffer.from(output()) })),
    { place: 'HTTP answers', bytes: Buffer.from(story.answers.join('\n')) },
    ...world.scraped.map((text, n) => ({ place: `metrics ${n}`, bytes: Buffer.from(text) })),
  ];
}

/** Into dump.rdb, readable: compressed strings could hide what is in them. */
async function saveRedis(world: World): Promise<void> {
  await world.redisCommand('CONFIG SET rdbcompression no');
  await world.redisCommand('SAVE');
}

async function management({ management: api }: World): Promise<Haystack[]> {
  const looks = ['/overview', '/connections', '/channels', '/queues', '/bindings', '/definitions'];
  const take = { count: 1000, ackmode: 'ack_requeue_true', encoding: 'auto' };
  const answers = [
    ...looks.map((path) => [path, manage(api, 'GET', path)] as const),
    ...RESTING.map((queue) => [queue, manage(api, 'POST', `/queues/%2F/${queue}/get`, take)] as const),
    ['sms-worker.sms.send', manage(api, 'POST', '/queues/%2F/sms-worker.sms.send/get', take)] as const,
  ];
  return Promise.all(
    answers.map(async ([what, answer]) => ({
      place: `RabbitMQ management: ${what}`,
      bytes: Buffer.from(await answer),
    })),
  );
}

/** Files that a running server deletes meanwhile are gone. */
async function filesIn(name: string, folder: string): Promise<Haystack[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.map(async (file) => {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return Buffer.alloc(0);
    });
    return { place: `${name}: ${relative(folder, file)}`, bytes };
  });
  return Promise.all(read);
}
