#!/usr/bin/env node
import { loadEnvironment } from '@app/common';
import { createInterface } from 'node:readline/promises';
import { runCli } from './run-cli.js';

const terminal = {
  print: (text: string) => void process.stdout.write(`${text}\n`),
  tell: (text: string) => void process.stderr.write(`${text}\n`),
  async ask(question: string): Promise<string> {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const nobody = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(question), nobody]);
    lines.close();
    return answer.trim();
  },
};
process.stdout.on('error', () => process.exit(0)); // `otpost … | head` has read enough
process.exitCode = await runCli(process.argv.slice(2), await loadEnvironment(), terminal);
