import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

/** Installs what the tests beside this file compare with, unless it is there already. Nothing of it runs while it is installed. */
const here = import.meta.dirname;
const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const installed = changedAt(`${here}/node_modules/.package-lock.json`);

if (installed < Math.max(changedAt(`${here}/package-lock.json`), changedAt(`${here}/package.json`))) {
  const { status, stderr, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: here,
    encoding: 'utf8',
  });
  if (status !== 0) {
    const reason =
      error?.message ?? stderr.match(/^npm error (?!code |syscall |errno )(.+)$/m)?.[1] ?? `npm ends with ${status}`;
    console.error(`The packages of test/peers cannot be installed, so nothing is compared: ${reason}`);
    process.exit(1);
  }
}
