import { appHash } from '@app/sms-provider';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CommandFailed, EXIT, UsageError, type Command } from '../command.js';

export const templatesAppHash: Command = {
  name: 'templates app-hash',
  usage: '--package <com.example.app> --certificate <file>',
  about: 'Shows appHash of an Android app, from its package name and its signing certificate (PEM or DER).',
  options: { package: { type: 'string' }, certificate: { type: 'string' } },
  async run({ values, terminal }) {
    const { package: name, certificate } = values;
    if (typeof name !== 'string' || !/^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/.test(name))
      throw new UsageError('--package is the name of the app, such as com.example.app.');
    if (typeof certificate !== 'string') throw new UsageError('--certificate names a file.');
    terminal.print(appHash(name, read(certificate)));
    return EXIT.done;
  },
};

function read(file: string): Buffer {
  try {
    return new X509Certificate(readFileSync(file)).raw;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CommandFailed(`Cannot read a certificate from ${file}: ${code ?? message}.`);
  }
}
