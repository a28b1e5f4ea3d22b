import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { casesOf, type BrokerUnderTest } from '../workbench.ts';

const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);

async function pikaClient(url: string, queue: string): Promise<unknown> {
  await run(PYTHON, ['-c', 'import pika']).catch(() => {
    throw new Error(`This case needs pika in ${PYTHON}. Install it (Debian: sudo apt-get install python3-pika).`);
  });
  const script = join(import.meta.dirname, '../pika-client.py');
  const { stdout } = await run(PYTHON, [script, url, queue], { timeout: 12_000 });
  return JSON.parse(stdout);
}

/** A client that shares no code with ours. */
export function pika(broker: BrokerUnderTest): void {
  const test = casesOf(broker);

  test('declares, publishes with return and confirm, consumes, nacks and gets', async (bench) => {
    const queue = bench.queueName();
    const dead = `${queue}.dead`;
    bench.willClear(dead);
    const headers = { count: 70000, text: 'grüße', list: [1, null], yes: true };

    expect(await pikaClient(bench.url, queue)).toEqual({
      declared: [true, 0],
      unroutable: ['unroutable', 312, 'NO_ROUTE'],
      deliveries: [
        ['first', false, headers],
        ['first', true, { ...headers, 'x-delivery-count': 1 }],
      ],
      dead: ['first', 'm', 'delivery_limit'],
      empty: true,
      missing: ['closed', 404, "NOT_FOUND - no queue 'QUEUE.none' in vhost '/'"],
      other: [
        'closed',
        406,
        "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'QUEUE' in vhost '/': received none but current is the value '' of type 'longstr'",
      ],
    });
  });
}
