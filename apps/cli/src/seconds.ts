import { UsageError } from './command.js';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `10m`, `2h`, `1d` in seconds. */
export function secondsOf(option: string, text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`${option} is seconds, or a number with s, m, h or d.`);
  return Number(digits) * UNITS[unit as keyof typeof UNITS];
}
