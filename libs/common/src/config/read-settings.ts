import { validateSync } from 'class-validator';
import { readFileSync } from 'node:fs';
import { settingsOf, type DeclaredSetting, type SettingsClass } from './setting.js';
import { keepSecret } from '../telemetry/mask.js';

export type Environment = Readonly<Record<string, string | undefined>>;
export type Sections = Record<string, SettingsClass>;
export type ConfigOf<S extends Sections> = { [K in keyof S]: InstanceType<S[K]> };

/** Thrown at start: the message has one line for each setting that is missing or wrong. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`These settings need attention:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/**
 * Reads every section from the environment. Gives checked instances, or throws one SettingsError that lists all
 * problems at once. An empty variable counts as absent.
 */
export function readSettings<S extends Sections>(sections: S, environment: Environment): ConfigOf<S> {
  const problems: string[] = [];
  const config = Object.entries(sections).map(([name, Section]) => [name, readSection(Section, environment, problems)]);
  if (problems.length > 0) throw new SettingsError(problems);
  return Object.fromEntries(config) as ConfigOf<S>;
}

function readSection(Section: SettingsClass, environment: Environment, problems: string[]): object {
  const section = new Section() as Record<string, unknown>;
  const settings = settingsOf(Section);
  for (const setting of settings) {
    const text = textOf(setting, environment, problems);
    if (text === undefined) continue;
    if (setting.secret) keepSecret(text);
    section[setting.property] = fromText(text, setting.type);
  }
  for (const { property, constraints, value } of validateSync(section, { forbidUnknownValues: false })) {
    const setting = settings.find((candidate) => candidate.property === property);
    if (setting) problems.push(explain(setting, value, Object.values(constraints ?? {}), property));
  }
  return section;
}

function textOf({ env }: DeclaredSetting, environment: Environment, problems: string[]): string | undefined {
  try {
    return settingText(env, environment);
  } catch (error) {
    const path = environment[`${env}_FILE`];
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    problems.push(`${env}_FILE: cannot read ${path} (${code}); name a readable file`);
    return undefined;
  }
}

/**
 * The text of one setting, from its variable or from the file that `<NAME>_FILE` names; undefined where both are absent.
 * @throws what reading the file throws.
 */
export function settingText(env: string, environment: Environment): string | undefined {
  const path = environment[`${env}_FILE`];
  if (environment[env] || !path) return environment[env] || undefined;
  return readFileSync(path, 'utf8').trim() || undefined;
}

/** Text that is no number or boolean stays text, so that the validator can say what is wrong with it. */
function fromText(text: string, type: unknown): unknown {
  if (type === Number) return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
  if (type === Boolean) return text === 'true' ? true : text === 'false' ? false : text;
  if (type === Array)
    return text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  return text;
}

function explain(setting: DeclaredSetting, value: unknown, constraints: string[], property: string): string {
  const wrong = isAbsent(value) ? 'is missing' : constraints.map((text) => text.replaceAll(property, 'it')).join(', ');
  return `${setting.env}: ${wrong}; ${setting.about} Example: ${setting.env}=${setting.example}`;
}

const isAbsent = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0);
