import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hasRabbit, hasRedis } from './services.ts';

/** Makes sure that the programs the tests start are installed: installs them as root on Debian, else says what to install. */
export function installServices(): void {
  const missing = [
    ...(hasRabbit() ? [] : ['rabbitmq-server']),
    ...(hasRedis() ? [] : ['redis-server']),
    ...(hasPika() ? [] : ['python3-pika']), // a client that we did not write, for the broker suite
  ];
  if (missing.length === 0) return;
  const names = missing.join(' ');
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new Error(`The tests need ${missing.join(' and ')}. Install them (Debian: sudo apt-get install ${names}).`);
  }
  console.log(
    `\nInstalling ${missing.join(' and ')} with apt-get (they are started only as private instances on loopback)`,
  );
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'inherit' });
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function hasPika(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import pika'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
