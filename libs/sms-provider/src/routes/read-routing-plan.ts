import { SettingsError } from '@app/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { readFileSync } from 'node:fs';
import { companiesOf, everyRouteOf, RoutingPlan } from './routing-plan.js';

/**
 * Reads the file that `SMS_ROUTES_FILE` names. What it does not know is refused by name.
 * @throws SettingsError with one line for each thing that is wrong.
 */
export function readRoutingPlan(path: string, known: readonly string[]): RoutingPlan {
  const plan = plainToInstance(RoutingPlan, parse(path));
  const problems = validateSync(plan, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  const lines = problems.length > 0 ? problems.flatMap((problem) => linesOf(problem)) : contradictions(plan, known);
  if (lines.length > 0) throw new SettingsError(lines.map((line) => `SMS_ROUTES_FILE: ${path}: ${line}`));
  return plan;
}

function parse(path: string): object {
  try {
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch (error) {
    const why =
      error instanceof SyntaxError ? 'is no JSON' : `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new SettingsError([`SMS_ROUTES_FILE: ${path} ${why}; name a readable file: see docs/operations.md`]);
  }
  throw new SettingsError([`SMS_ROUTES_FILE: ${path} must be a JSON object with routes: see docs/operations.md`]);
}

function linesOf({ property, constraints, children }: ValidationError, parent = ''): string[] {
  const at = parent === '' ? property : /^\d+$/.test(property) ? `${parent}[${property}]` : `${parent}.${property}`;
  const own = Object.entries(constraints ?? {}).map(([rule, text]) =>
    rule === 'whitelistValidation' ? `${at} is not known here` : `${at}: ${text}`,
  );
  return [...own, ...(children ?? []).flatMap((child) => linesOf(child, at))];
}

function contradictions(plan: RoutingPlan, known: readonly string[]): string[] {
  const used = companiesOf(plan);
  const unknown = used.filter((name) => !known.includes(name));
  const idle = (plan.limits ?? []).filter(({ name }) => !used.includes(name));
  const names = everyRouteOf(plan).map(({ name }) => name);
  const twice = names.filter((name, n) => names.indexOf(name) < n);
  const missing = everyRouteOf(plan).flatMap(({ name, pick, companies }) =>
    pick === 'order'
      ? []
      : companies
          .filter((stop) => stop[pick] === undefined)
          .map(({ company }) => `the route ${name} picks by ${pick}, and ${company} has none`),
  );
  return [
    ...unknown.map((name) => `no company is called ${name}; known: ${known.join(', ')}`),
    ...idle.map(({ name }) => `limits names ${name}, which is on no route`),
    ...twice.map((name) => `two routes are called ${name}: each route needs a name of its own, in all sets`),
    ...missing,
  ];
}
