import { startEmbeddedBroker, type EmbeddedBroker } from '@app/embedded-broker';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newNumber } from '../gateway/test-gateway.js';
import { sharedKeys, startGateway } from '../outbox/gateways.js';
import { badRequest, targetsIn, type OpenApi } from './bad-requests.js';
import { send, type RawAnswer } from './raw-client.js';

/** `FUZZ_RUNS=1000000 npm run jest -- test/fuzz` looks longer. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 20_000);
const AT_ONCE = 20;
const GROWTH_BYTES = 16 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** In use after a collection: what is left of what went by. */
function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const INSIDES = /node_modules|\.[jt]s:\d|\n +at |SyntaxError|TypeError|RangeError|ReferenceError/;

/** What is wrong with an answer to a bad request. */
function complaint(answer: RawAnswer | undefined): string | undefined {
  if (!answer) return undefined; // closed without a word: no HTTP, or CONNECT
  const { status, type, body } = answer;
  if (!(status >= 200 && status < 500)) return `status ${status}`;
  if (INSIDES.test(body) && status >= 400) return `shows its insides: ${body}`;
  if (status < 400) return undefined;
  if (type !== 'application/problem+json') return `${status} is ${type}`;
  if (body === '') return undefined; // to HEAD
  const problem = JSON.parse(body) as Record<string, unknown>;
  const members = ['type', 'title', 'detail', 'instance', 'code', 'requestId'];
  const missing = members.filter((member) => typeof problem[member] !== 'string');
  if (missing.length > 0 || problem.status !== status) return `no problem details: ${body}`;
  return status === 429 && typeof problem.retryAfter !== 'number' ? '429 without a time' : undefined;
}

describe(`${RUNS} bad requests`, () => {
  let broker: EmbeddedBroker;
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  let port: number;
  beforeAll(async () => {
    broker = await startEmbeddedBroker();
    gateway = await startGateway({ ...sharedKeys(), RABBITMQ_URL: broker.url, DEFAULT_REGION: 'CN' });
    await gateway.connected();
    port = Number(new URL(gateway.url).port);
  });
  afterAll(async () => {
    await gateway.close();
    await broker.close();
  });

  it('each is answered in time, with no 5xx and no insides; memory stays, and the gateway works', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi;
    const requests = fc.array(badRequest(targetsIn(document)), { minLength: AT_ONCE, maxLength: AT_ONCE });
    const statuses = new Map<number, number>();
    const property = fc.asyncProperty(requests, async (batch) => {
      const answers = await Promise.all(batch.map((bytes) => send(port, bytes)));
      for (const [n, answer] of answers.entries()) {
        const wrong = complaint(answer);
        if (wrong) throw new Error(`${wrong}, for ${JSON.stringify(batch[n]!.toString('latin1'))}`);
        statuses.set(answer?.status ?? 0, (statuses.get(answer?.status ?? 0) ?? 0) + 1);
      }
    });
    const half = { numRuns: RUNS / AT_ONCE / 2, endOnFailure: true };
    await fc.assert(property, half);
    const before = heapInUse();
    await fc.assert(property, half);

    expect(heapInUse() - before).toBeLessThan(GROWTH_BYTES);
    expect(gateway.logged().filter(({ msg }) => msg === 'request failed')).toEqual([]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
    // It has met every kind of refusal, and now and then got through.
    for (const status of [200, 400, 404, 405, 413, 415, 422, 431])
      expect([status, statuses.has(status)]).toEqual([status, true]);
    const started = await gateway.start(newNumber());
    expect(started.status).toBe(202);
    expect(await gateway.get(`/v1/verifications/${started.body.id}`)).toMatchObject({ status: 200 });
  }, 600_000);
});
