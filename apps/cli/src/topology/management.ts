import type { Topology } from '@app/common';
import { CommandFailed } from '../command.js';

interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly routing_key: string;
}

interface Policy {
  readonly name: string;
  readonly pattern: string;
  readonly 'apply-to': string;
  readonly definition: Readonly<Record<string, unknown>>;
}

/** What the management API knows and AMQP does not tell. Errors are as those of `topology check`, warnings are only shown. */
export async function askManagement(
  address: string,
  vhost: string,
  topology: Topology,
): Promise<{ errors: string[]; warnings: string[] }> {
  const at = encodeURIComponent(vhost);
  const bindings = await ask<Binding[]>(address, `/api/bindings/${at}`);
  const policies = await ask<Policy[]>(address, `/api/policies/${at}`);
  return {
    errors: topology.bindings
      .filter(({ queue, exchange, key }) => !bindings.some((binding) => isSame(binding, queue, exchange, key)))
      .map(({ queue, exchange, key }) => `The queue '${queue}' is not bound to '${exchange}' for '${key}'.`),
    warnings: [...extraBindings(bindings, topology), ...policies.flatMap((policy) => concerned(policy, topology))],
  };
}

const isSame = (binding: Binding, queue: string, exchange: string, key: string): boolean =>
  binding.source === exchange && binding.destination === queue && binding.routing_key === key;

/** Of our queues only: whoever listens to our events with queues of his own is welcome. */
const extraBindings = (bindings: readonly Binding[], topology: Topology): string[] =>
  bindings
    .filter(({ source, destination }) => source !== '' && topology.queues.some(({ name }) => name === destination))
    .filter((binding) => !topology.bindings.some(({ queue, exchange, key }) => isSame(binding, queue, exchange, key)))
    .map(
      ({ source, destination, routing_key: key }) =>
        `The queue '${destination}' is also bound to '${source}' for '${key}'.`,
    );

function concerned({ name, pattern, definition }: Policy, topology: Topology): string[] {
  const touched = topology.queues.filter((queue) => new RegExp(pattern).test(queue.name));
  if (touched.length === 0) return [];
  return [`The policy '${name}' applies to ${touched.length} of our queues: ${JSON.stringify(definition)}`];
}

async function ask<T>(address: string, path: string): Promise<T> {
  const url = new URL(address);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  try {
    const response = await fetch(new URL(path, url.origin), {
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    return (await response.json()) as T;
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    throw new CommandFailed(`The management API at ${url.host} cannot be asked: ${cause?.message ?? message}.`);
  }
}
