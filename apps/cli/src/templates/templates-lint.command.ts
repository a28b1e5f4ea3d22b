import { readSettings, type Environment } from '@app/common';
import {
  companiesOf,
  createProviders,
  lintTemplates,
  planIn,
  providerSections,
  SmsSettings,
  smsTemplates,
  type Finding,
} from '@app/sms-provider';
import { columns } from '../columns.js';
import { CommandFailed, EXIT, type Command } from '../command.js';
import { readFileSync } from 'node:fs';

export const templatesLint: Command = {
  name: 'templates lint',
  usage: '[--file <templates.json>] [--json]',
  about:
    'Looks for what carriers, companies and handsets will not like in the texts of the file, else of SMS_TEMPLATES; with SMS_PROVIDERS also for what the route cannot carry. Exit code 3: it found something.',
  options: { file: { type: 'string' }, json: { type: 'boolean' } },
  async run({ values, environment, terminal }) {
    const findings = lint(typeof values.file === 'string' ? withFile(environment, values.file) : environment);
    if (values.json) terminal.print(JSON.stringify({ findings }, null, 2));
    else if (findings.length > 0) terminal.print(columns(findings.map(row)));
    else terminal.print('Nothing to say against these texts.');
    return findings.length > 0 ? EXIT.attention : EXIT.done;
  },
};

function lint(environment: Environment): Finding[] {
  const plan = planIn(environment);
  const companies = providerSections(plan);
  // Without a route the texts alone are looked at; the setting itself must name somebody.
  const complete = {
    ...environment,
    SMS_PROVIDERS: Object.keys(companies).length > 0 ? environment.SMS_PROVIDERS : 'console',
  };
  const { sms } = readSettings({ sms: SmsSettings }, complete);
  const settings = readSettings(companies, environment);
  const names = companiesOf(plan).filter((name) => name in companies);
  return lintTemplates({
    templates: smsTemplates(sms),
    codeLength: sms.codeLength,
    providers: createProviders(names, settings),
  });
}

/** @throws CommandFailed where it cannot be read. */
function withFile(environment: Environment, file: string): Environment {
  try {
    return { ...environment, SMS_TEMPLATES: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new CommandFailed(`Cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'}).`);
  }
}

const row = ({ rule, template, locale, sentence }: Finding): string[] => [
  rule,
  template === '' ? '-' : `${template} in ${locale}`,
  sentence,
];
