import { otpostConsumers, topologyOf, type Environment, type Topology } from '@app/common';
import { columns } from '../columns.js';
import { EXIT, type Command } from '../command.js';
import { readSmsPolicy } from '../sms-policy.js';

/** What gateway and worker declare with these settings. */
export const otpostTopology = (environment: Environment): Topology =>
  topologyOf(otpostConsumers(readSmsPolicy(environment)));

export const topologyPrint: Command = {
  name: 'topology print',
  usage: '[--json]',
  about: 'Shows the exchanges, queues and bindings that gateway and worker declare.',
  options: { json: { type: 'boolean' } },
  async run({ values, environment, terminal }) {
    const topology = otpostTopology(environment);
    terminal.print(values.json ? JSON.stringify(topology, null, 2) : textOf(topology));
    return EXIT.done;
  },
};

const textOf = ({ exchanges, queues, bindings }: Topology): string =>
  columns([
    ...exchanges.map(({ name, type }) => ['exchange', name, type]),
    ...queues.map(({ name, arguments: args }) => ['queue', name, argumentsOf(args)]),
    ...bindings.map(({ queue, exchange, key }) => ['binding', queue, `${exchange} / ${key}`]),
  ]);

const argumentsOf = (args: Readonly<Record<string, string | number>>): string =>
  Object.entries(args)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
