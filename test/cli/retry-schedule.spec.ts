import { declaredDelays, retry, type RetryPolicy } from '@app/common';
import { randomUUID } from 'node:crypto';
import { startConsumer, TestHappened } from '../messaging/consumer-app.js';
import { deleteConsumer, messagesIn } from '../support/broker-view.js';
import { until } from '../support/until.js';
import { otpost } from './otpost.js';

/** What the schedule says is what RabbitMQ does. */
describe('the retry schedule on RabbitMQ', () => {
  const url = process.env.RABBITMQ_URL!;
  const POLICY: RetryPolicy = { maxAttempts: 4, backoffSeconds: 3, deferSeconds: [] };
  const happened = (text: string) => Object.assign(new TestHappened(), { text });

  /** How long a handler that always asks for another attempt waited for each, in milliseconds, by text. */
  async function waitsOf(policy: Partial<RetryPolicy>, texts: number): Promise<number[][]> {
    const app = await startConsumer(url, () => retry('busy'), { policy: { deferSeconds: [], ...policy } });
    const names = Array.from({ length: texts }, (_, n) => `text ${n}`);
    const publish = (name: string) => app.publisher.publish(happened(name), { messageId: randomUUID() });
    await until('the publisher is connected', 5, async () => (await publish(names[0]!)) === 'confirmed');
    for (const name of names.slice(1)) await publish(name);
    await until('all are dead letters', 60, async () => (await messagesIn(url, `${app.queue}.dead`)) === texts);
    await app.close();
    await deleteConsumer(url, app.name, declaredDelays({ ...POLICY, ...policy }));
    return names.map((name) => {
      const at = app.handled.filter(({ text }) => text === name).map((call) => call.at);
      return at.slice(1).map((moment, n) => moment - at[n]!);
    });
  }

  it('waits 3, 6 and 12 s by default, to 0.3 s', async () => {
    const [waits] = await waitsOf({ maxAttempts: 4, backoffSeconds: 3 }, 1);

    const { stdout } = await otpost(['retry-schedule', '--json']);
    const printed = (JSON.parse(stdout) as { attempts: { wait: [number, number] }[] }).attempts.slice(1);
    expect(printed.map(({ wait: [least, most] }) => [least, most])).toEqual([3, 6, 12].map((wait) => [wait, wait]));
    expect(waits).toHaveLength(3);
    printed.forEach(({ wait }, n) => expect(Math.abs(waits![n]! - wait[0] * 1000)).toBeLessThanOrEqual(300));
  }, 90_000);

  it('with jitter it waits one of three declared times', async () => {
    const waits = (await waitsOf({ maxAttempts: 2, backoffSeconds: 2, jitter: 0.5 }, 60)).map(([wait]) => wait!);

    const nearest = waits.map((wait) => [2000, 2500, 3000].find((declared) => Math.abs(wait - declared) < 250));
    expect([...new Set(nearest)].sort()).toEqual([2000, 2500, 3000]);
  }, 90_000);
});
