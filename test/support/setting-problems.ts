import { readSettings, SettingsError, type Environment, type SettingsClass } from '@app/common';

/** The names of the settings that are refused. */
export function problemsOf(Settings: SettingsClass, environment: Environment): string[] {
  try {
    readSettings({ settings: Settings }, environment);
  } catch (error) {
    return (error as SettingsError).problems.map((line) => line.split(':')[0]!);
  }
  return [];
}
