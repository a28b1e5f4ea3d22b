import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { startRedis, type Service } from '../../../../test/support/services.js';
import { until } from '../../../../test/support/until.js';
import { createLogger } from '../telemetry/logger.js';
import { closeRedis, createRedis, type Redis } from './redis.js';

const portOf = ({ url }: Service): number => Number(new URL(url).port);

describe('a Redis that fails over and keeps its connections', () => {
  let old: Service;
  let promoted: Service;
  /** The address that both have in turn, as a name or a balancer gives it. */
  let address: Server;
  let leadsTo: Service;
  let redis: Redis;
  let operator: Redis;

  beforeAll(async () => {
    [old, promoted] = await Promise.all([startRedis(), startRedis()]);
    leadsTo = old;
    address = createServer((client) => {
      const server = connect(portOf(leadsTo), '127.0.0.1');
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) socket.on('error', () => undefined); // the other end follows
    });
    address.listen(0, '127.0.0.1');
    await once(address, 'listening');
    const logger = createLogger('test', 'silent');
    redis = createRedis(`redis://127.0.0.1:${(address.address() as AddressInfo).port}`, logger);
    operator = createRedis(old.url, logger);
    await until('both are connected', 10, () => redis.status === 'ready' && operator.status === 'ready');
  }, 30_000);
  afterAll(async () => {
    await Promise.all([closeRedis(redis), closeRedis(operator)]);
    address.close();
    await Promise.all([old.stop(), promoted.stop()]);
  });

  it('is left for the new primary: a client does not stay at a replica', async () => {
    expect(await redis.set('before', '1')).toBe('OK');
    await operator.call('REPLICAOF', '127.0.0.1', portOf(promoted));
    leadsTo = promoted;

    await until('writes are taken again', 10, () =>
      redis.set('after', '1').catch((error: Error) => {
        expect(error.message).toMatch(/READONLY|Connection|writeable/);
        return false;
      }),
    );

    expect(redis.status).toBe('ready');
  });
});
