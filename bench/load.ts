import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { nextNumber } from '../test/chaos/client.js';

/** What callers of the gateway saw. */
export interface Answers {
  /** Of those answered 202, in milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** Answered otherwise or not at all, by status or error. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Calls `act` so often a second, evenly spread, whether or not earlier calls have come to an end. */
export async function evenly(rate: number, seconds: number, act: () => void): Promise<void> {
  const began = performance.now();
  for (let n = 0; n < rate * seconds; n++) {
    const wait = began + (n / rate) * 1000 - performance.now();
    if (wait > 0) await sleep(wait);
    act();
  }
}

/** Asks for codes at a steady rate, each for a number of its own. */
export async function askForCodes(gateway: string, rate: number, seconds: number): Promise<Answers> {
  const agent = new Agent({ connections: 64 });
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  const ask = async () => {
    const began = performance.now();
    const { statusCode, body } = await request(`${gateway}/v1/verifications`, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: nextNumber() }),
    });
    await body.dump();
    if (statusCode === 202) latencies.push(performance.now() - began);
    else fail(String(statusCode));
  };
  const fail = (why: string) => void (failures[why] = (failures[why] ?? 0) + 1);
  const open: Promise<void>[] = [];
  await evenly(rate, seconds, () => open.push(ask().catch((error: Error) => fail(error.name))));
  await Promise.all(open);
  await agent.close();
  return { latencies: latencies.sort((a, b) => a - b), failures };
}

/** Of ascending values; the smallest one that so many hundredths of them do not exceed. */
export const percentile = (ascending: readonly number[], hundredths: number): number =>
  ascending[Math.max(0, Math.ceil((ascending.length * hundredths) / 100) - 1)] ?? NaN;

export const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    50,
  );

export const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
