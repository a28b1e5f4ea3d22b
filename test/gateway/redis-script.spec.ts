import { RedisRefusedError, RedisScript } from '@app/common';
import { connectedRedis } from './stores.js';

let server: Awaited<ReturnType<typeof connectedRedis>>;
beforeAll(async () => {
  server = await connectedRedis();
});
afterAll(() => server.close());

const kindOf = async (lua: string, keys: readonly string[] = []): Promise<string> => {
  const error: unknown = await new RedisScript(lua).run(server.redis, keys, []).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RedisRefusedError);
  return (error as RedisRefusedError).kind;
};

describe('what Redis refuses is told by kind', () => {
  it('a script that fails', async () => {
    expect(await kindOf("return cjson.decode('no JSON')")).toBe('ERR');
  });

  it('a record of another type', async () => {
    await server.redis.set('a', '1');
    expect(await kindOf("return redis.call('HGET', KEYS[1], 'x')", ['a'])).toBe('WRONGTYPE');
  });

  it('no memory left', async () => {
    await server.redis.config('SET', 'maxmemory', '1');
    expect(await kindOf("return redis.call('SET', KEYS[1], 'x')", ['b'])).toBe('OOM');
    await server.redis.config('SET', 'maxmemory', '0');
  });

  it('a command that the user may not use', async () => {
    await server.redis.acl('SETUSER', 'default', '-hset');
    expect(await kindOf("return redis.call('HSET', KEYS[1], 'x', 'y')", ['c'])).toBe('NOPERM');
    await server.redis.acl('SETUSER', 'default', '+hset');
  });
});
