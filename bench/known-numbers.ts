import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nextNumber } from '../test/chaos/client.js';
import { installServices } from '../test/support/install-services.js';
import { median } from './load.js';
import { startBenchSystem, type BenchSystem } from './system.js';

const USAGE = `npm run bench:known-numbers -- [--numbers N] [--check]

  --numbers  of each kind (1000)
  --check    exit with 1 where the medians differ by 5 ms or more`;

/** Whoever only watches the time must not learn whether somebody uses a number here (OWASP Forgot Password Cheat Sheet). */
const MOST_MS = 5;
const COOLDOWN_SECONDS = 1;

/**
 * How long the gateway takes to answer for a number that was approved before, and for one that it never saw. They alternate
 * in one run, the first of a pair now this kind and now that, one request at a time: what else the machine does falls on both.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { numbers: { type: 'string', default: '1000' }, check: { type: 'boolean' } },
  });
  if (!/^[1-9]\d{0,5}$/.test(values.numbers)) throw new Error(`--numbers must be a whole number from 1\n\n${USAGE}`);
  installServices();
  console.log('Starting RabbitMQ, Redis, a make-believe SMS company, a worker and a gateway …');
  const system = await startBenchSystem({ RESEND_COOLDOWN_SECONDS: String(COOLDOWN_SECONDS) });
  try {
    console.log(`Verifying ${values.numbers} numbers …`);
    const known = await verified(system, Number(values.numbers));
    await sleep(2 * COOLDOWN_SECONDS * 1000);
    console.log('Measuring …');
    const { never, before } = await measure(system.gateway.url, known);
    const difference = Math.abs(median(before) - median(never));
    console.log(
      `median ms: ${median(never).toFixed(2)} for a number never seen, ${median(before).toFixed(2)} for one approved ` +
        `before, ${never.length} each; they differ by ${difference.toFixed(2)}, allowed is less than ${MOST_MS}`,
    );
    return values.check && !(difference < MOST_MS) ? 1 : 0;
  } finally {
    await system.end();
  }
}

async function verified(system: BenchSystem, count: number): Promise<string[]> {
  const numbers = Array.from({ length: count }, nextNumber);
  const left = [...numbers];
  const one = async () => {
    for (let to = left.pop(); to !== undefined; to = left.pop()) {
      const { id } = (await post(`${system.gateway.url}/v1/verifications`, { to }, 202)) as { id: string };
      await post(`${system.gateway.url}/v1/verifications/${id}/checks`, { code: await system.codeOf(to) }, 200);
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  return numbers;
}

async function measure(gateway: string, known: readonly string[]) {
  const never: number[] = [];
  const before: number[] = [];
  const timed = async (to: string, times: number[]) => {
    const began = performance.now();
    await post(`${gateway}/v1/verifications`, { to }, 202);
    times.push(performance.now() - began);
  };
  for (const [n, to] of known.entries()) {
    const pair = [() => timed(to, before), () => timed(nextNumber(), never)];
    for (const ask of n % 2 === 0 ? pair : pair.reverse()) await ask();
  }
  return { never, before };
}

async function post(url: string, body: object, expected: number): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (response.status !== expected) throw new Error(`${url} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}

process.exitCode = await main().catch((error: Error) => {
  console.error(error.message);
  return 1;
});
