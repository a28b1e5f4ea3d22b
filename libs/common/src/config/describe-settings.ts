import { settingsOf, type DeclaredSetting, type SettingsClass } from './setting.js';

/** Settings that belong together, as documentation shows them. */
export interface SettingsChapter {
  readonly title: string;
  readonly classes: readonly SettingsClass[];
}

/** The text of `.env.example`: required settings as a line to fill in, the others commented out with their default. */
export const envExample = (chapters: readonly SettingsChapter[]): string =>
  chapters
    .map(({ title, classes }) => [`# ${title}`, ...classes.flatMap((Settings) => linesOf(Settings))].join('\n'))
    .join('\n\n')
    .concat('\n');

/** Markdown tables, one a chapter. */
export const settingsTables = (chapters: readonly SettingsChapter[]): string =>
  chapters
    .map(({ title, classes }) =>
      [
        `## ${title}`,
        '',
        '| Setting | Default | Meaning |',
        '| --- | --- | --- |',
        ...classes.flatMap((Settings) => rowsOf(Settings)),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n');

const linesOf = (Settings: SettingsClass): string[] =>
  withDefaults(Settings).flatMap(([setting, standard]) => [
    `# ${setting.about}`,
    standard === undefined ? `${setting.env}=${setting.example}` : `# ${setting.env}=${standard || setting.example}`,
  ]);

const rowsOf = (Settings: SettingsClass): string[] =>
  withDefaults(Settings).map(([{ env, about, secret }, standard]) => {
    const shown = standard === undefined ? 'required' : standard === '' ? '—' : `\`${standard}\``;
    return `| \`${env}\` | ${shown} | ${about.replaceAll('|', '\\|')}${secret ? ' Secret.' : ''} |`;
  });

/** `undefined` for a setting that must be given, '' for one that may be left out and has no value then. */
function withDefaults(Settings: SettingsClass): [DeclaredSetting, string | undefined][] {
  const standard = new Settings() as Record<string, string | number | boolean | string[] | undefined>;
  return settingsOf(Settings).map((setting) => {
    const value = standard[setting.property];
    if (value === undefined || (Array.isArray(value) && value.length === 0))
      return [setting, setting.optional ? '' : undefined];
    return [setting, Array.isArray(value) ? value.join(',') : String(value)];
  });
}
