import 'reflect-metadata';

/** What a setting is, for people: the source of `.env.example` and of the settings table. */
export interface SettingDescription {
  /** Name of the environment variable; `<NAME>_FILE` may name a file that holds the value instead. */
  readonly env: string;
  /** One sentence: meaning, unit, range. */
  readonly about: string;
  /** A legal value, shown when the setting is missing or wrong. */
  readonly example: string;
  /** A secret is never printed, and is masked wherever it turns up in a log. */
  readonly secret?: boolean;
  /** May be left out although it has no default. */
  readonly optional?: boolean;
}

export type SettingsClass<T extends object = object> = new () => T;

const SETTINGS = Symbol('otpost:settings');

/**
 * Declares a property of a settings class as one environment variable. The property's initial value is the default;
 * its type (string, number, boolean or string[], written with commas) says how the text is read; class-validator
 * decorators say what is legal. A class has the settings of the one it extends.
 */
export function Setting(description: SettingDescription): PropertyDecorator {
  return (target, property) => {
    const type = Reflect.getMetadata('design:type', target, property) as unknown;
    const known = (Reflect.getMetadata(SETTINGS, target) as DeclaredSetting[] | undefined) ?? [];
    Reflect.defineMetadata(SETTINGS, [...known, { ...description, property: String(property), type }], target);
  };
}

export interface DeclaredSetting extends SettingDescription {
  readonly property: string;
  readonly type: unknown;
}

/** The settings of a class, in the order of their declaration. */
export const settingsOf = (Settings: SettingsClass): DeclaredSetting[] =>
  (Reflect.getMetadata(SETTINGS, Settings.prototype as object) as DeclaredSetting[] | undefined) ?? [];
