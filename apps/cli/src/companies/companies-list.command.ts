import { columns } from '../columns.js';
import { EXIT, type Command } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import type { CompanyView } from './company-view.js';

export const companiesList: Command = {
  name: 'companies list',
  usage: '[--json]',
  about: 'Lists the companies that workers have on a route: whether they are paused, and how the workers see them.',
  options: { json: { type: 'boolean' } },
  async run({ values, environment, terminal }) {
    const api = new OperatorApi(environment);
    const { companies } = await api.ask<{ companies: readonly CompanyView[] }>('GET', '/v1/companies');
    if (values.json) {
      terminal.print(JSON.stringify(companies, null, 2));
      return EXIT.done;
    }
    const head = ['company', 'paused', 'until', 'workers asking', 'trying', 'not asking', 'changed', 'by', 'reason'];
    const rows = companies.map(({ name, paused, pause, workers, changedAt, changedBy }) => [
      name,
      paused ? 'yes' : 'no',
      pause?.until ?? (paused ? 'resumed' : '-'),
      String(workers.closed),
      String(workers.halfOpen),
      String(workers.open),
      changedAt ?? '-',
      changedBy ?? '-',
      pause?.reason ?? '-',
    ]);
    terminal.print(columns([head, ...rows]));
    return EXIT.done;
  },
};
