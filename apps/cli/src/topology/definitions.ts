import { GATEWAY_INBOX, SMS_WORKER_INBOX, type Topology } from '@app/common';
import { createHash, randomBytes } from 'node:crypto';
import { rightsOf, type Rights } from './rights.js';

const VHOST = '/';

/** The operator's API reads what was given up and what could not be read, and puts it back. */
const isLeftOver = (queue: string): boolean => /\.(dead|parked)$/.test(queue);

const RIGHTS: readonly Rights[] = [
  rightsOf(GATEWAY_INBOX, [SMS_WORKER_INBOX], isLeftOver),
  rightsOf(SMS_WORKER_INBOX, [GATEWAY_INBOX], () => false),
];

export const USERS = RIGHTS.map(({ user }) => user);

/** What RabbitMQ imports at start (`load_definitions`). A user without a password cannot log in. */
export const definitionsOf = (
  { exchanges, queues, bindings }: Topology,
  passwords: ReadonlyMap<string, string>,
): object => ({
  vhosts: [{ name: VHOST }],
  users: USERS.map((name) => ({
    name,
    password_hash: hashOf(passwords.get(name)),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags: [],
  })),
  permissions: RIGHTS.map((rights) => ({ ...rights, vhost: VHOST })),
  exchanges: exchanges.map((exchange) => ({ ...exchange, vhost: VHOST, durable: true, auto_delete: false })),
  queues: queues.map((queue) => ({ ...queue, vhost: VHOST, durable: true, auto_delete: false })),
  bindings: bindings.map(({ queue, exchange, key }) => ({
    source: exchange,
    vhost: VHOST,
    destination: queue,
    destination_type: 'queue',
    routing_key: key,
    arguments: {},
  })),
});

/** RabbitMQ's own form: base64 of a 32-bit salt and SHA-256 of salt and password. */
function hashOf(password: string | undefined): string {
  if (password === undefined) return '';
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password, 'utf8').digest()]).toString('base64');
}
