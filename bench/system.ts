import { randomBytes } from 'node:crypto';
import { Carrier } from '../test/chaos/carrier.js';
import { AppProcess, type Environment } from '../test/chaos/processes.js';
import { roomyLimits } from '../test/support/roomy-limits.js';
import { startRabbit, startRedis } from '../test/support/services.js';
import { Texts } from './texts.js';

/** One gateway, one worker and the make-believe company, as processes of their own, on services of their own. */
export interface BenchSystem {
  readonly rabbitUrl: string;
  readonly gateway: AppProcess;
  readonly worker: AppProcess;
  readonly texts: Texts;
  /** Every answer of the company takes so long from now on. */
  slowDown(latencyMs: number): Promise<void>;
  /** Texts that the company has taken so far. */
  taken(): Promise<number>;
  /** The code in the newest text of a number, as soon as one has come. */
  codeOf(to: string): Promise<string>;
  end(): Promise<void>;
}

/** `settings`: of the gateway and the worker, beyond the usual ones. */
export async function startBenchSystem(settings: Environment = {}): Promise<BenchSystem> {
  const [rabbit, redis] = await Promise.all([startRabbit(), startRedis()]);
  const company = await AppProcess.create('carrier-lab', { LOG_LEVEL: 'error' });
  const sealingKeys = `k1:${randomBytes(32).toString('base64')}`;
  const environment = {
    LOG_LEVEL: 'warn',
    RABBITMQ_URL: rabbit.url,
    REDIS_URL: redis.url,
    SEALING_KEYS: sealingKeys,
    HASH_KEYS: `h1:${randomBytes(32).toString('base64')}`,
    DEFAULT_REGION: 'CN',
    ...roomyLimits,
    ...(await Carrier.settings(company.url)),
    ...settings,
  };
  const worker = await AppProcess.create('sms-worker', environment);
  const gateway = await AppProcess.create('gateway', environment);
  const processes = [company, worker, gateway];
  const end = async () => {
    await Promise.all(processes.map((each) => each.kill()));
    await Promise.all([rabbit.stop(), redis.stop()]);
  };
  try {
    await Promise.all(processes.map((each) => each.start()));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    rabbitUrl: rabbit.url,
    gateway,
    worker,
    texts: await Texts.of(rabbit.url, sealingKeys),
    async slowDown(latencyMs) {
      const { ok, status } = await fetch(`${company.url}/faults`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ latencyMs }),
      });
      if (!ok) throw new Error(`The carrier lab answered ${status}`);
    },
    async taken() {
      const stats = (await (await fetch(`${company.url}/stats`)).json()) as { accepted: number };
      return stats.accepted;
    },
    async codeOf(to) {
      const text = await fetch(`${company.url}/inbox/wait?to=${encodeURIComponent(to)}&timeout=20`);
      if (text.status !== 200) throw new Error(`No text for ${to}`);
      return ((await text.json()) as { code: string }).code;
    },
    end,
  };
}
