import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Text } from './record.js';

/** What a test tells the carrier lab to do; see its own description of faults. */
export interface CompanyFault {
  to?: string;
  latencyMs?: number;
  hang?: 'before' | 'after';
  stall?: 'before' | 'after';
  code?: string;
  failFirst?: number;
  retryAfterSeconds?: number;
}

interface Lab {
  readonly url: string;
  readonly faults: {
    set(fault: CompanyFault): void;
    clear(to?: string): void;
    faultFor(to: string | undefined): unknown;
  };
  readonly stats: { view(): { inFlight: number; calls: number; refused: Record<string, number> }; reset(): void };
  readonly inbox: { add(message: { to: string; text: string }): unknown; delete(): void };
  close(): Promise<void>;
}

const built = (file: string): Promise<unknown> =>
  import(pathToFileURL(resolve('dist/apps/carrier-lab/src', file)).href) as Promise<unknown>;

/** The make-believe company in this process, with a record of every text it ever took (its own inbox forgets). */
export class Carrier {
  texts: Text[] = [];
  /** Called as a request for a number arrives, before anything is done about it. */
  onRequest: (to: string) => void = () => undefined;
  /** Called when a text was taken, before the company answers. */
  onText: (to: string) => void = () => undefined;

  private constructor(private readonly lab: Lab) {
    const { inbox, faults } = lab;
    const add = inbox.add.bind(inbox);
    inbox.add = (message) => {
      const added = add(message);
      this.texts.push({ to: message.to, at: Date.now(), text: message.text });
      this.onText(message.to);
      return added;
    };
    const faultFor = faults.faultFor.bind(faults);
    faults.faultFor = (to) => {
      if (to !== undefined) this.onRequest(to);
      return faultFor(to);
    };
  }

  static async start(): Promise<Carrier> {
    const { createCarrierLab } = (await built('create-carrier-lab.js')) as {
      createCarrierLab(config: object): Promise<Lab>;
    };
    const { CarrierLabSettings } = (await built('carrier-lab.config.js')) as { CarrierLabSettings: new () => object };
    const lab = await createCarrierLab({
      process: { production: false, logLevel: 'silent' },
      lab: Object.assign(new CarrierLabSettings(), { port: 0 }),
    });
    return new Carrier(lab);
  }

  /** The worker's settings for it. */
  static async settings(url: string): Promise<Record<string, string>> {
    const { demoAccounts } = (await built('carrier-lab.config.js')) as {
      demoAccounts: (labUrl: string) => Record<string, string>;
    };
    return demoAccounts(url);
  }

  get url(): string {
    return this.lab.url;
  }

  /** Requests so far. */
  get calls(): number {
    return this.lab.stats.view().calls;
  }

  get inFlight(): number {
    return this.lab.stats.view().inFlight;
  }

  /** Requests that repeated an accepted reference, and were refused for it. */
  get repeats(): number {
    return this.lab.stats.view().refused['160054'] ?? 0;
  }

  fail(fault: CompanyFault): void {
    this.lab.faults.set(fault);
  }

  heal(to?: string): void {
    this.lab.faults.clear(to);
  }

  forget(): void {
    this.heal();
    this.texts = [];
    this.onRequest = this.onText = () => undefined;
    this.lab.stats.reset();
    this.lab.inbox.delete();
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}
