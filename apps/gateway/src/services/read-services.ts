import { settingsOf } from '@app/common';
import { validateSync } from 'class-validator';
import { DEFAULT_SERVICE } from '../access/caller.js';
import { LimitsError, overrideLimits, type LimitSettings } from '../limits/limits.config.js';
import { ServiceSettings, type Service } from './service.config.js';

export type ServiceMap = ReadonlyMap<string, Service>;

/** What is wrong with a services file: a line each, with its JSON pointer (RFC 6901). */
export class ServicesError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export const SERVICE_NAME = /^[a-z][a-z0-9-]{0,31}$/;
const KNOWN = new Set(settingsOf(ServiceSettings).map(({ property }) => property));

/**
 * The services that a file describes, and `default`. What a service leaves out is as the environment has it.
 * @throws ServicesError for what is not known or not legal: all of it at once.
 */
export function readServices(text: string, environment: Service): ServiceMap {
  const file = readObject(readJson(text), '');
  const services = new Map([[DEFAULT_SERVICE, environment]]);
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(file)) {
    try {
      services.set(name, readService(name, entry, environment));
    } catch (error) {
      if (!(error instanceof ServicesError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ServicesError(problems);
  return services;
}

function readService(name: string, value: unknown, environment: Service): Service {
  const at = `/${escaped(name)}`;
  if (!SERVICE_NAME.test(name))
    throw new ServicesError([
      `${at}: a service is called by small letters, digits and dashes, a letter first, at most 32`,
    ]);
  const { limits: ownLimits = {}, ...entry } = readObject(value, at);
  const unknown = Object.keys(entry).filter((setting) => !KNOWN.has(setting));
  const service = Object.assign(new ServiceSettings(), environment, entry);
  const limits = readLimits(readObject(ownLimits, `${at}/limits`), environment.limits);
  const wrong = validateSync(service, { forbidUnknownValues: false });
  const problems = [
    ...unknown.map(
      (setting) =>
        `${at}/${escaped(setting)}: is no setting of a service; there are ${[...KNOWN, 'limits'].join(', ')}`,
    ),
    ...('problems' in limits ? limits.problems.map((problem) => `${at}/limits/${problem}`) : []),
    ...wrong
      .filter(({ property }) => KNOWN.has(property))
      .map(({ property, constraints }) => `${at}/${property}: ${sentenceOf(property, constraints)}`),
  ];
  if (problems.length > 0) throw new ServicesError(problems);
  return Object.assign(service, { limits: limits as LimitSettings });
}

function readLimits(own: object, environment: LimitSettings): LimitSettings | LimitsError {
  try {
    return overrideLimits(environment, own);
  } catch (error) {
    if (error instanceof LimitsError) return error;
    throw error;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ServicesError([`is not JSON: ${(error as Error).message}`]);
  }
}

function readObject(value: unknown, pointer: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ServicesError([`${pointer && `${pointer}: `}must be a JSON object`]);
}

const sentenceOf = (property: string, constraints: Record<string, string> = {}): string =>
  Object.values(constraints)
    .map((text) => text.replaceAll(property, 'it'))
    .join(', ');

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
