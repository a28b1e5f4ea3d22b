import { createHash, randomBytes } from 'node:crypto';
import { EXIT, UsageError, type Call, type Command, type Exit } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import { tellKey, type HandedKey } from './key-view.js';
import { secondsOf } from '../seconds.js';

/** As the gateway's API_KEYS reads them. */
const SCOPES = ['verify', 'operate'];

export const keysCreate: Command = {
  name: 'keys create',
  usage:
    '--id <name> --scopes verify,operate [--service default|<name>|*] [--cidrs 10.0.0.0/8,…] [--expires-in 90d] [--description text] [--print] [--json]',
  about:
    'Makes an API key at the gateway, or with --print one that is kept nowhere and its entry for API_KEYS. The key is shown this once.',
  options: {
    id: { type: 'string' },
    scopes: { type: 'string' },
    service: { type: 'string' },
    cidrs: { type: 'string' },
    'expires-in': { type: 'string' },
    description: { type: 'string' },
    print: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  run: (call) => (call.values.print ? print(call) : create(call)),
};

async function create({ values, environment, terminal }: Call): Promise<Exit> {
  const { id, scopes, service, cidrs, description, ...rest } = values as Record<string, string | undefined>;
  if (!id || !scopes) throw new UsageError('--id names who will use the key, --scopes what it may do.');
  const lifetime = rest['expires-in'];
  const made = await new OperatorApi(environment).ask<HandedKey>('POST', '/v1/api-keys', {
    id,
    scopes: scopes.split(','),
    service,
    cidrs: cidrs?.split(','),
    description,
    expiresAt: lifetime && new Date(Date.now() + secondsOf('--expires-in', lifetime) * 1000).toISOString(),
  });
  tellKey(made, values, terminal);
  return EXIT.done;
}

async function print({ values, terminal }: Call): Promise<Exit> {
  const { id, scopes, service } = wanted(values);
  const key = `otp_${id}_${randomBytes(32).toString('base64url')}`;
  const hash = createHash('sha256').update(key).digest('hex');
  const entry = `${id}:${scopes.join('+')}:${hash}${service === 'default' ? '' : `:${service}`}`;
  terminal.print(values.json ? JSON.stringify({ key, entry }) : `key       ${key}\nAPI_KEYS  ${entry}`);
  terminal.tell('Give the key to whoever calls, and add the entry to API_KEYS of every gateway, after a comma.');
  return EXIT.done;
}

function wanted({ id, scopes, service = 'default', ...rest }: Call['values']) {
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,32}$/.test(id))
    throw new UsageError('--id names who will use the key: small letters, digits and dashes, at most 32.');
  const list = typeof scopes === 'string' ? [...new Set(scopes.split(','))] : [];
  if (list.length === 0 || !list.every((scope) => SCOPES.includes(scope)))
    throw new UsageError(`--scopes lists some of: ${SCOPES.join(', ')}.`);
  if (typeof service !== 'string' || !/^([a-z][a-z0-9-]{0,31}|\*)$/.test(service))
    throw new UsageError('--service names whose verifications the key is for, or is * for all.');
  if (service === '*' && list.includes('verify'))
    throw new UsageError('A key for all services only operates: a verification is started for one of them.');
  for (const option of ['cidrs', 'expires-in', 'description'])
    if (rest[option] !== undefined) throw new UsageError(`An entry of API_KEYS has no --${option}: leave out --print.`);
  return { id, scopes: list, service };
}
