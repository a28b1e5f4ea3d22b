import { compareTopology, RabbitSettings, readSettings, Setting } from '@app/common';
import { IsOptional, Matches } from 'class-validator';
import { EXIT, type Command } from '../command.js';
import { askManagement } from './management.js';
import { otpostTopology } from './topology-print.command.js';

class ManagementSettings {
  @Setting({
    env: 'RABBITMQ_MANAGEMENT_URL',
    about: 'Management API of RabbitMQ, with user and password: bindings and policies are then checked too.',
    example: 'http://monitor:password@localhost:15672',
    secret: true,
    optional: true,
  })
  @IsOptional()
  @Matches(/^https?:\/\//, { message: 'it must begin with http:// or https://' })
  url?: string;
}

export const topologyCheck: Command = {
  name: 'topology check',
  usage: '',
  about:
    'Compares the RabbitMQ of RABBITMQ_URL with what the apps declare, and changes nothing. With RABBITMQ_MANAGEMENT_URL bindings and policies as well.',
  async run({ environment, terminal }) {
    const topology = otpostTopology(environment);
    const { rabbit, management } = readSettings(
      { rabbit: RabbitSettings, management: ManagementSettings },
      environment,
    );
    const differences = (await compareTopology(rabbit.urls, topology)).map(({ sentence }) => sentence);
    const more = management.url && (await askManagement(management.url, vhostOf(rabbit.urls[0]!), topology));
    if (more) {
      differences.push(...more.errors);
      for (const warning of more.warnings) terminal.tell(`Warning: ${warning}`);
    } else terminal.tell('Bindings were not looked at: that needs RABBITMQ_MANAGEMENT_URL.');
    for (const difference of differences) terminal.print(difference);
    if (differences.length > 0) return EXIT.attention;
    terminal.print(`${topology.exchanges.length} exchanges and ${topology.queues.length} queues are as declared.`);
    return EXIT.done;
  },
};

/** As AMQP URLs name it: the path, and `/` where there is none. */
const vhostOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1)) || '/';
