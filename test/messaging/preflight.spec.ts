import { RabbitSettings, readSettings, StartRefused } from '@app/common';
import { preflight } from '../../libs/common/src/messaging/preflight.js';

describe('preflight', () => {
  it.each([14031, 15300])('nobody on port %i means no broker yet, not a refusal', async (port) => {
    expect(await preflight([`amqp://guest:guest@127.0.0.1:${port}`], [])).toBe(false);
  });

  it('a wrong password is a sentence', async () => {
    const url = new URL(process.env.RABBITMQ_URL!);
    url.password = 'wrong-password';

    await expect(preflight([url.href], [])).rejects.toThrow(StartRefused);
    await expect(preflight([url.href], [])).rejects.toThrow(
      /^RabbitMQ refuses the user or the virtual host of RABBITMQ_URL/,
    );
  });

  it('a password that is not encoded is a sentence as well', () => {
    expect(() => readSettings({ rabbit: RabbitSettings }, { RABBITMQ_URL: 'amqp://user:pa/ss@broker:5672' })).toThrow(
      /RABBITMQ_URL: it must be a URL/,
    );
  });
});
