import { ConfigModule } from '@nestjs/config';
import { readSettings, SettingsError, type ConfigOf, type Environment, type Sections } from './read-settings.js';

/** The variables of the process and, under them, those of `.env` in the working directory. */
export async function loadEnvironment(): Promise<Environment> {
  await ConfigModule.forRoot();
  return process.env;
}

export const readEnvironment = async <S extends Sections>(sections: S): Promise<ConfigOf<S>> =>
  readSettings(sections, await loadEnvironment());

/** Runs a process's start: a failure that has a sentence for the operator is printed as that, and the exit code is 1. */
export async function runMain(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    const sentence = error instanceof SettingsError || error instanceof StartRefused || isPortTaken(error);
    process.stderr.write(`${sentence ? sentenceOf(error) : String((error as Error)?.stack ?? error)}\n`);
    process.exit(1);
  }
}

/** Thrown where a process must not start; its message says what to do. */
export class StartRefused extends Error {}

const isPortTaken = (error: unknown) => (error as NodeJS.ErrnoException)?.code === 'EADDRINUSE';

function sentenceOf(error: unknown): string {
  if (!isPortTaken(error)) return (error as Error).message;
  const { port } = error as { port?: number };
  return `Port ${port} is taken by another program: stop it, or choose another port with PORT, SMS_WORKER_PORT or CARRIER_LAB_PORT.`;
}
