import { columns } from '../columns.js';
import { EXIT, type Command } from '../command.js';
import { OperatorApi } from '../operator-api.js';
import type { KeyView } from './key-view.js';

export const keysList: Command = {
  name: 'keys list',
  usage: '[--json]',
  about: 'Lists the API keys of the service that OTPOST_API_KEY is for, or of all. No secret is shown.',
  options: { json: { type: 'boolean' } },
  async run({ values, environment, terminal }) {
    const { apiKeys } = await new OperatorApi(environment).ask<{ apiKeys: readonly KeyView[] }>('GET', '/v1/api-keys');
    if (values.json) {
      terminal.print(JSON.stringify(apiKeys, null, 2));
      return EXIT.done;
    }
    const rows = apiKeys.map((key) => [
      key.id,
      key.service,
      key.scopes.join(','),
      key.source,
      dayOf(key.createdAt),
      dayOf(key.expiresAt),
      dayOf(key.lastUsedAt),
      key.cidrs?.join(',') || '-',
      key.description || '-',
    ]);
    const head = ['id', 'service', 'scopes', 'source', 'created', 'expires', 'last used', 'from', 'description'];
    terminal.print(columns([head, ...rows]));
    return EXIT.done;
  },
};

const dayOf = (moment: string | null | undefined): string => moment?.slice(0, 10) ?? '-';
