import { AppLogger, Metrics, StartRefused } from '@app/common';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { AccessSettings, entriesOf } from '../access/access.config.js';
import { ALL_SERVICES } from '../access/caller.js';
import { LimitSettings } from '../limits/limits.config.js';
import { readServices, ServicesError, type ServiceMap } from './read-services.js';
import { unknownService } from './refusals.js';
import { ServicesFileSettings, ServiceSettings, type Service } from './service.config.js';

/** How often the file's change is looked for: a stat, which also sees a link that points elsewhere. */
const LOOK_MS = 2000;

/** The named sets of settings, one of which each API key chooses. */
@Injectable()
export class Services implements OnApplicationShutdown {
  private current: ServiceMap;
  private text: string | undefined;
  private readonly reloads;
  private readonly onChange = () => this.reload();

  /** @throws StartRefused for a file that cannot be read or used, and for keys of services that there are not. */
  constructor(
    private readonly settings: ServiceSettings,
    private readonly limits: LimitSettings,
    private readonly file: ServicesFileSettings,
    private readonly access: AccessSettings,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.reloads = metrics.counter(
      'otpost_services_reloads_total',
      'Changes of SERVICES_FILE, by whether they were taken over or refused.',
      ['outcome'],
    );
    try {
      this.current = this.read();
    } catch (error) {
      throw new StartRefused(sentenceOf(error));
    }
    if (file.path) watchFile(file.path, { interval: LOOK_MS, persistent: false }, this.onChange);
  }

  get names(): readonly string[] {
    return [...this.current.keys()];
  }

  find(name: string): Service | undefined {
    return this.current.get(name);
  }

  /** @throws Problem where there is no such service (any more). */
  of(name: string): Service {
    const service = this.find(name);
    if (!service) throw unknownService(name);
    return service;
  }

  /** Of a verification that runs the service may be gone; the limits of the environment hold then. */
  limitsOf(name: string): LimitSettings {
    return this.find(name)?.limits ?? this.limits;
  }

  /** Takes over what the file says now; where that cannot be used, what held before goes on. */
  reload(): void {
    const before = this.text;
    try {
      this.current = this.read();
      if (this.text === before) return;
      this.reloads.inc({ outcome: 'reloaded' });
      this.logger.warn({ services: this.names }, 'services reloaded');
    } catch (error) {
      this.reloads.inc({ outcome: 'refused' });
      this.logger.error({ reason: sentenceOf(error) }, 'services not reloaded; those of before go on');
    }
  }

  onApplicationShutdown(): void {
    if (this.file.path) unwatchFile(this.file.path, this.onChange);
  }

  private read(): ServiceMap {
    const text = this.file.path ? readFileSync(this.file.path, 'utf8') : '{}';
    const environment = Object.assign(new ServiceSettings(), this.settings, { limits: this.limits });
    const services = readServices(text, environment);
    const homeless = entriesOf(this.access)
      .map(({ service }) => service)
      .filter((name) => name !== ALL_SERVICES && !services.has(name));
    if (homeless.length > 0)
      throw new ServicesError(
        [...new Set(homeless)].map((name) => `/${name}: is missing, and a key of API_KEYS is for this service`),
      );
    this.text = text;
    return services;
  }
}

function sentenceOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof ServicesError) return `SERVICES_FILE: ${error.problems.join('; SERVICES_FILE: ')}`;
  if (code) return `SERVICES_FILE cannot be read (${code}); name a readable file.`;
  throw error;
}
