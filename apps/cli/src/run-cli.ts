import { mask, SettingsError, StartRefused, type Environment } from '@app/common';
import { parseArgs } from 'node:util';
import { CommandFailed, EXIT, UsageError, type Call, type Command, type Exit, type Terminal } from './command.js';
import { commands } from './commands.js';

/** Finds the command, reads its options, runs it. Whatever goes wrong is a sentence and an exit code. */
export async function runCli(args: readonly string[], environment: Environment, terminal: Terminal): Promise<Exit> {
  const command = commands.find(({ name }) => args.slice(0, wordsOf(name).length).join(' ') === name);
  if (!command) return helpOrRefuse(args, terminal);
  try {
    const call = read(command, args.slice(wordsOf(command.name).length));
    if (call.values.help) {
      terminal.print(`otpost ${command.name} ${command.usage}`.trim() + `\n\n${command.about}`);
      return EXIT.done;
    }
    return await command.run({ ...call, environment, terminal });
  } catch (error) {
    return explain(error as Error, command, terminal);
  }
}

const wordsOf = (name: string): string[] => name.split(' ');

function read(command: Command, args: readonly string[]): Pick<Call, 'values' | 'words'> {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } as const };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const tooMany = positionals.slice(command.words ?? 0);
    if (tooMany.length > 0) throw new UsageError(`'${tooMany[0]}' is not expected here.`);
    return { values: values, words: positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message.split('. To specify')[0]);
  }
}

function helpOrRefuse(args: readonly string[], terminal: Terminal): Exit {
  if (args.length === 0 || ['help', '--help', '-h'].includes(args[0]!)) {
    terminal.print(help());
    return EXIT.done;
  }
  terminal.tell(`otpost does not know '${args.join(' ')}'. It knows:\n\n${help()}`);
  return EXIT.usage;
}

function help(): string {
  const calls = commands.map(({ name, usage }) => `otpost ${name} ${usage}`.trim());
  return commands.map(({ about }, n) => `${calls[n]}\n    ${about}`).join('\n');
}

function explain(error: Error, { name, usage }: Command, terminal: Terminal): Exit {
  if (error instanceof UsageError) {
    terminal.tell(`${error.message}\nUsage: otpost ${name} ${usage}`.trim());
    return EXIT.usage;
  }
  const foreseen = [SettingsError, StartRefused, CommandFailed].some((kind) => error instanceof kind);
  terminal.tell(mask(foreseen ? error.message : (error.stack ?? String(error))));
  return EXIT.failed;
}
