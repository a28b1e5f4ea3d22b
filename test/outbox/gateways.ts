import { createLogger, type Environment } from '@app/common';
import { randomBytes } from 'node:crypto';
import { createGateway } from '../../apps/gateway/src/create-gateway.js';
import { newNumber, testConfig } from '../gateway/test-gateway.js';
import { startApp } from '../support/app-process.js';
import { roomyLimits } from '../support/roomy-limits.js';
import { request, type HttpAnswer } from '../support/system.js';
import { until } from '../support/until.js';

const newKey = () => randomBytes(32).toString('base64');

/** What gateways on the same services share. */
export const sharedKeys = (): Environment => ({ SEALING_KEYS: `k1:${newKey()}`, HASH_KEYS: `h1:${newKey()}` });

/** What tests ask of a gateway. `lines` is what it has logged so far. */
function clientOf(url: string, lines: () => readonly string[]) {
  const get = (path: string) => request(`${url}${path}`, 'GET');
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length) ?? 0);
  };
  const degraded = async () => (await get('/readyz')).body as { readonly degraded?: Record<string, string> };
  return {
    url,
    get,
    metric,
    post: (path: string, body: object = {}) => request(`${url}${path}`, 'POST', body),
    /** Asks for a text to a number that nobody else has. */
    start: (to = newNumber()) => request(`${url}/v1/verifications`, 'POST', { to }),
    logged: () => lines().map((line) => JSON.parse(line) as { readonly msg: string; readonly reason?: string }),
    connected: () => until('the gateway is connected', 20, async () => !(await degraded()).degraded),
    disconnected: () => until('the gateway says so', 20, async () => (await degraded()).degraded?.publisher),
    /** Nothing is left in the outbox, and it has said so. */
    emptied: () =>
      until('the outbox is empty', 20, async () => {
        const waiting = lines().findLastIndex((line) => line.includes('texts wait in the outbox'));
        const empty = lines().findLastIndex((line) => line.includes('the outbox is empty again'));
        return empty > waiting && (await metric('otpost_outbox_entries')) === 0;
      }),
  };
}

/** A gateway in this process. */
export async function startGateway(environment: Environment) {
  const lines: string[] = [];
  const logger = createLogger('gateway', 'warn', { write: (line) => void lines.push(line) });
  const app = await createGateway(testConfig(environment), logger);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const gateway = clientOf(await app.getUrl(), () => lines);
  await until('the gateway is ready', 10, async () => (await gateway.get('/readyz')).status === 200);
  return { ...gateway, close: () => app.close() };
}

/** A gateway in a process of its own. */
export async function runGateway(environment: Environment) {
  const process = await startApp('gateway', { LOG_LEVEL: 'warn', ...roomyLimits, ...environment });
  const { kill, ended, output, url } = process;
  return { ...clientOf(url, () => output().trimEnd().split('\n').filter(isJson)), kill, ended };
}

/** A line that is being written is none yet. */
const isJson = (line: string) => line.startsWith('{') && line.endsWith('}');

export type Gateway = Awaited<ReturnType<typeof startGateway>>;
export type GatewayProcess = Awaited<ReturnType<typeof runGateway>>;

export const messageIdOf = ({ body }: HttpAnswer): string =>
  (body.delivery as unknown as { sends: { messageId: string }[] }).sends.at(-1)!.messageId;
