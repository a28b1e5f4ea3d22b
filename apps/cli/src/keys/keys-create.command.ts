import { createHash, randomBytes } from 'node:crypto';
import { EXIT, UsageError, type Command, type Values } from '../command.js';

/** As the gateway's API_KEYS reads them. */
const SCOPES = ['verify', 'operate'];

export const keysCreate: Command = {
  name: 'keys create',
  usage: '--id <name> --scopes verify,operate [--service default|<name>|*] --print [--json]',
  about: 'Makes an API key and its entry for API_KEYS. The key is kept nowhere and shown this once.',
  options: {
    id: { type: 'string' },
    scopes: { type: 'string' },
    service: { type: 'string' },
    print: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  async run({ values, terminal }) {
    const { id, scopes, service } = wanted(values);
    const key = `otp_${id}_${randomBytes(32).toString('base64url')}`;
    const entry = `${id}:${scopes.join('+')}:${createHash('sha256').update(key).digest('hex')}${service === 'default' ? '' : `:${service}`}`;
    terminal.print(values.json ? JSON.stringify({ key, entry }) : `key       ${key}\nAPI_KEYS  ${entry}`);
    terminal.tell('Give the key to whoever calls, and add the entry to API_KEYS of every gateway, after a comma.');
    return EXIT.done;
  },
};

function wanted({ id, scopes, service = 'default', print }: Values) {
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,32}$/.test(id))
    throw new UsageError('--id names who will use the key: small letters, digits and dashes, at most 32.');
  const list = typeof scopes === 'string' ? [...new Set(scopes.split(','))] : [];
  if (list.length === 0 || !list.every((scope) => SCOPES.includes(scope)))
    throw new UsageError(`--scopes lists some of: ${SCOPES.join(', ')}.`);
  if (typeof service !== 'string' || !/^([a-z][a-z0-9-]{0,31}|\*)$/.test(service))
    throw new UsageError('--service names whose verifications the key is for, or is * for all.');
  if (service === '*' && list.includes('verify'))
    throw new UsageError('A key for all services only operates: a verification is started for one of them.');
  if (!print) throw new UsageError('A key is kept nowhere: say --print to see it once.');
  return { id, scopes: list, service };
}
