import { Injectable } from '@nestjs/common';

/** Says what keeps the process from its work at this moment, or nothing. Asks live connections only: a probe opens none. */
export type Probe = () => string | undefined;

@Injectable()
export class Readiness {
  private readonly probes = new Map<string, Probe>();

  add(name: string, probe: Probe): void {
    this.probes.set(name, probe);
  }

  /** Name of each part that is in trouble, with why. */
  troubles(): Record<string, string> {
    return Object.fromEntries(
      [...this.probes].flatMap(([name, probe]) => ((trouble) => (trouble ? [[name, trouble]] : []))(probe())),
    );
  }
}
