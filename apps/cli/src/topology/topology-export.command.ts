import { readSettings, Setting, type Environment } from '@app/common';
import { IsOptional, MinLength } from 'class-validator';
import { EXIT, type Command } from '../command.js';
import { definitionsOf, USERS } from './definitions.js';
import { otpostTopology } from './topology-print.command.js';

const SHORTEST = 12;

/** Passwords of the users in the exported definitions. */
class UserSettings {
  @Setting({
    env: 'RABBITMQ_GATEWAY_PASSWORD',
    about: 'Password of the RabbitMQ user gateway, at least 12 characters.',
    example: '$(openssl rand -base64 24)',
    secret: true,
    optional: true,
  })
  @IsOptional()
  @MinLength(SHORTEST)
  gateway?: string;

  @Setting({
    env: 'RABBITMQ_SMS_WORKER_PASSWORD',
    about: 'Password of the RabbitMQ user sms-worker, at least 12 characters.',
    example: '$(openssl rand -base64 24)',
    secret: true,
    optional: true,
  })
  @IsOptional()
  @MinLength(SHORTEST)
  smsWorker?: string;
}

export const topologyExport: Command = {
  name: 'topology export',
  usage: '',
  about:
    'Prints definitions.json for RabbitMQ: topology, users and their rights, with the passwords of RABBITMQ_GATEWAY_PASSWORD and RABBITMQ_SMS_WORKER_PASSWORD.',
  async run({ environment, terminal }) {
    const passwords = readPasswords(environment);
    terminal.print(JSON.stringify(definitionsOf(otpostTopology(environment), passwords), null, 2));
    const without = USERS.filter((user) => !passwords.has(user));
    if (without.length > 0) terminal.tell(`Without a password, and so unable to log in: ${without.join(', ')}.`);
    return EXIT.done;
  },
};

function readPasswords(environment: Environment): Map<string, string> {
  const { gateway, smsWorker } = readSettings({ users: UserSettings }, environment).users;
  const given = [
    ['gateway', gateway],
    ['sms-worker', smsWorker],
  ] as const;
  return new Map(given.flatMap(([user, password]) => (password === undefined ? [] : [[user, password] as const])));
}
