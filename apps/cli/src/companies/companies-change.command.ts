import { EXIT, UsageError, type Call, type Command } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import { secondsOf } from '../seconds.js';
import type { CompanyView } from './company-view.js';

export const companiesPause: Command = {
  name: 'companies pause',
  usage: '<company> --reason <text> [--for 30m]',
  about:
    'Takes a company off every route of every worker within 2 s, until it is resumed, or for a time of at most 7d.',
  options: { reason: { type: 'string' }, for: { type: 'string' } },
  words: 1,
  async run(call) {
    const { reason, for: time } = call.values as Record<string, string | undefined>;
    if (!reason) throw new UsageError('--reason says why, for whoever looks next.');
    const body = { reason, ...(time !== undefined && { forSeconds: secondsOf('--for', time) }) };
    const { name, pause, workers } = await ask(call, 'pause', body);
    call.terminal.print(`${name} paused ${pause?.until ? `until ${pause.until}` : 'until it is resumed'}`);
    if (workers.closed + workers.halfOpen + workers.open === 0)
      call.terminal.tell(`No running worker has ${name} on a route: it takes effect when one has.`);
    return EXIT.done;
  },
};

export const companiesResume: Command = {
  name: 'companies resume',
  usage: '<company>',
  about: 'Puts a company back on its routes, on every worker within 2 s.',
  words: 1,
  async run(call) {
    const { name } = await ask(call, 'resume', {});
    call.terminal.print(`${name} is not paused`);
    return EXIT.done;
  },
};

function ask({ words: [name], environment }: Call, verb: string, body: object): Promise<CompanyView> {
  if (!name) throw new UsageError('Which one? Its name is missing.');
  return new OperatorApi(environment).ask('POST', `/v1/companies/${encodeURIComponent(name)}/${verb}`, body);
}
