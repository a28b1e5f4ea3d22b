import { createLogger, type Environment } from '@app/common';
import { randomBytes } from 'node:crypto';
import { createGateway } from '../../apps/gateway/src/create-gateway.js';
import { newNumber, testConfig } from '../gateway/test-gateway.js';
import { request, type HttpAnswer } from '../support/system.js';
import { until } from '../support/until.js';

const newKey = () => randomBytes(32).toString('base64');

/** What gateways on the same services share. */
export const sharedKeys = (): Environment => ({ SEALING_KEYS: `k1:${newKey()}`, HASH_KEY: newKey() });

/** A gateway in this process, and what tests ask of it. */
export async function startGateway(environment: Environment) {
  const lines: string[] = [];
  const logger = createLogger('gateway', 'warn', { write: (line) => void lines.push(line) });
  const app = await createGateway(testConfig(environment), logger);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const get = (path: string) => request(`${url}${path}`, 'GET');
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length) ?? 0,
    );
  };
  return {
    app,
    url,
    lines,
    get,
    metric,
    post: (path: string, body: object = {}) => request(`${url}${path}`, 'POST', body),
    /** Asks for a text to a number that nobody else has. */
    start: (to = newNumber()) => request(`${url}/v1/verifications`, 'POST', { to }),
    /** Nothing is left in the outbox, as this gateway sees it, and it has said so. */
    emptied: () =>
      until('the outbox is empty', 15, async () => {
        const waiting = lines.findLastIndex((line) => line.includes('texts wait in the outbox'));
        const empty = lines.findLastIndex((line) => line.includes('the outbox is empty again'));
        return empty > waiting && (await metric('otpost_outbox_entries')) === 0;
      }),
    /** The broker takes publishes. */
    connected: () => until('the gateway is connected', 20, async () => !('degraded' in (await get('/readyz')).body)),
    close: () => app.close(),
  };
}

export type Gateway = Awaited<ReturnType<typeof startGateway>>;

export const messageIdOf = ({ body }: HttpAnswer): string =>
  (body.delivery as unknown as { sends: { messageId: string }[] }).sends.at(-1)!.messageId;
