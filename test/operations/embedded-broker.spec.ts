import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import { newNumber, request, startSystem, type System } from '../support/system.js';
import { until } from '../support/until.js';

/** What the demo has: no RabbitMQ, no Redis, no keys. */
describe('dead letters on the embedded broker', () => {
  let broker: EmbeddedBroker;
  let system: System;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    system = await startSystem({ rabbitUrl: broker.url }, { SMS_MAX_ATTEMPTS: '1' });
  });
  afterAll(async () => {
    await system.close();
    await broker.close();
  });

  it('are listed, left out of a replay when their verification is over, and discarded', async () => {
    const url = `${await system.gateway.getUrl()}/v1/dead-letters`;
    const dead = async () => (await request(url, 'GET')).body as unknown as { waiting: number; deadLetters: object[] };
    system.lab.faults.set({ code: 'invalid-number' });
    await system.post('/v1/verifications', { to: newNumber() });

    const { deadLetters } = await until('it is dead', 10, async () => {
      const answer = await dead();
      return answer.waiting === 1 && answer;
    });

    expect(deadLetters).toMatchObject([{ class: 'PERMANENT', to: expect.stringMatching(/^\+86139\*{4}\d{4}$/) }]);
    expect(await system.post('/v1/dead-letters/replay')).toMatchObject({
      status: 200,
      body: { replayed: 0, skipped: { verification_undeliverable: 1 }, remaining: 0 },
    });
    expect(await system.post('/v1/dead-letters/discard')).toMatchObject({ body: { discarded: 1 } });
    expect(await dead()).toMatchObject({ waiting: 0, deadLetters: [] });
  });
});
