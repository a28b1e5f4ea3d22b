import { CommandFailed, EXIT, UsageError, type Call, type Command } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import { tellKey, type HandedKey } from './key-view.js';
import { secondsOf } from '../seconds.js';

export const keysRotate: Command = {
  name: 'keys rotate',
  usage: '<id> [--overlap 1d] [--json]',
  about:
    'Gives an API key a new secret, shown this once. The one before works for the overlap: at most 7d, 0 for none.',
  options: { overlap: { type: 'string' }, json: { type: 'boolean' } },
  words: 1,
  async run(call) {
    const { overlap } = call.values as Record<string, string | undefined>;
    const body = overlap === undefined ? {} : { overlapSeconds: secondsOf('--overlap', overlap) };
    tellKey(await ask<HandedKey>(call, 'rotate', body), call.values, call.terminal);
    return EXIT.done;
  },
};

export const keysRevoke: Command = {
  name: 'keys revoke',
  usage: '<id> [--yes]',
  about: 'Ends an API key for good, within 5 seconds on every gateway.',
  options: { yes: { type: 'boolean' } },
  words: 1,
  async run(call) {
    const id = idOf(call);
    if (!call.values.yes && (await call.terminal.ask(`Type ${id} to revoke it: `)) !== id)
      throw new CommandFailed(`Nothing was revoked: what was typed is not ${id}.`);
    await ask(call, 'revoke', {});
    call.terminal.print(`${id} revoked`);
    return EXIT.done;
  },
};

const ask = <T>(call: Call, verb: string, body: object): Promise<T> =>
  new OperatorApi(call.environment).ask('POST', `/v1/api-keys/${encodeURIComponent(idOf(call))}/${verb}`, body);

function idOf({ words: [id] }: Call): string {
  if (!id) throw new UsageError('Which one? Its id is missing.');
  return id;
}
