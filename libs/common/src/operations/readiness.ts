import { Injectable } from '@nestjs/common';

/** Says what keeps the process from its work at this moment, or nothing. Asks live connections only: a probe opens none. */
export type Probe = () => string | undefined;

/** Whether a part in trouble stops the process from working, or only from working as it usually does. */
export type Weight = 'stops' | 'degrades';

@Injectable()
export class Readiness {
  private readonly probes = new Map<string, { readonly probe: Probe; readonly weight: Weight }>();

  add(name: string, probe: Probe, weight: Weight = 'stops'): void {
    this.probes.set(name, { probe, weight });
  }

  /** Name of each part of that weight that is in trouble, with why. */
  troubles(weight: Weight = 'stops'): Record<string, string> {
    return Object.fromEntries(
      [...this.probes].flatMap(([name, part]) => {
        const trouble = part.weight === weight ? part.probe() : undefined;
        return trouble ? [[name, trouble]] : [];
      }),
    );
  }
}
