import { startApp, type AppProcess } from '../support/app-process.js';
import { startRedis, type Service } from '../support/services.ts';
import { newNumber, request, systemEnvironment } from '../support/system.js';
import { tempFile } from '../support/temp-file.js';
import { freePort, until } from '../support/until.js';

it('SIGHUP makes a gateway read its services again, and does not end it', async () => {
  const file = tempFile('{"default": {"codeLength": 7}}');
  const redis: Service = await startRedis();
  let gateway: AppProcess | undefined;
  try {
    const nobody = `127.0.0.1:${await freePort()}`;
    const services = { rabbitUrl: `amqp://${nobody}`, redisUrl: redis.url };
    const { url, kill, output } = (gateway = await startApp(
      'gateway',
      systemEnvironment(services, `http://${nobody}`, { SERVICES_FILE: file.path, LOG_LEVEL: 'warn' }),
    ));
    const digits = async () => {
      const { body } = await request(`${url}/v1/verifications`, 'POST', { to: newNumber() });
      return (body as unknown as { code: { length: number } }).code.length;
    };
    expect(await digits()).toBe(7);

    file.write('{"default": {"codeLength": 9}}');
    kill('SIGHUP');

    await until('it has read them', 10, () => output().includes('services reloaded'));
    expect(await digits()).toBe(9);
  } finally {
    gateway?.kill('SIGKILL');
    await gateway?.ended;
    await redis.stop();
  }
}, 60_000);
