import { AppLogger, invalidRequest } from '@app/common';
import { Inject, Injectable } from '@nestjs/common';
import { Services } from '../services/services.js';
import type { KeyEntry } from './access.config.js';
import { hashOf, newSecret, rotated, type ApiKey } from './api-key.js';
import { ApiKeys } from './api-keys.js';
import type { CreateApiKey } from './api-keys.requests.js';
import { ALL_SERVICES, DEFAULT_SERVICE, mayOperateOn, type Caller } from './caller.js';
import { KeyStore, type KeptKey } from './key-store.js';
import { isConfigured, keyChangedMeanwhile, keyExists, missingService, noSuchKey, tooManyKeys } from './refusals.js';

/** A key, and its secret, which is known at this moment only. */
export interface Handed {
  readonly kept: KeptKey;
  readonly secret: string;
}

/** Makes and ends API keys. A caller sees and changes those of its own service; one of all services, all of them. */
@Injectable()
export class ApiKeysService {
  constructor(
    @Inject(KeyStore) private readonly store: KeyStore,
    private readonly keys: ApiKeys,
    private readonly services: Services,
    private readonly logger: AppLogger,
  ) {}

  async create(request: CreateApiKey, caller: Caller, now: Date): Promise<Handed> {
    const { id, scopes } = request;
    const service = request.service ?? DEFAULT_SERVICE;
    const cidrs = request.cidrs ?? [];
    if (!mayOperateOn(caller, service)) throw missingService(service);
    const expiresAt = request.expiresAt ? Date.parse(request.expiresAt) : undefined;
    this.refuseWhatCannotBe({ scopes, service, expiresAt }, now);
    if (this.configured(id)) throw keyExists();
    const secret = newSecret(id);
    const key: ApiKey = {
      id,
      scopes,
      service,
      cidrs,
      description: request.description ?? '',
      secrets: [{ hash: hashOf(secret).toString('hex') }],
      createdAt: now.getTime(),
      createdBy: caller.id,
      ...(expiresAt !== undefined && { expiresAt }),
    };
    const outcome = await this.store.create(key, now);
    if (outcome === 'taken') throw keyExists();
    if (outcome === 'full') throw tooManyKeys();
    this.note('created', key, caller, { scopes, cidrs, expiresAt: request.expiresAt ?? null });
    return { kept: { key }, secret };
  }

  async list(caller: Caller): Promise<{ configured: readonly KeyEntry[]; stored: readonly KeptKey[] }> {
    return {
      configured: this.keys.configured.filter(({ service }) => mayOperateOn(caller, service)),
      stored: (await this.store.list()).filter(({ key }) => mayOperateOn(caller, key.service)),
    };
  }

  /** A key of API_KEYS has no more than its entry. */
  async find(id: string, caller: Caller): Promise<KeptKey | KeyEntry> {
    const kept = await this.store.find(id);
    if (kept && mayOperateOn(caller, kept.key.service)) return kept;
    const configured = this.configured(id);
    if (configured && mayOperateOn(caller, configured.service)) return configured;
    throw noSuchKey();
  }

  /** The secret before works for the overlap; here, as everywhere, a revoked or outlived one for the cache's time at most. */
  async rotate(id: string, overlapSeconds: number, caller: Caller, now: Date): Promise<Handed> {
    const kept = await this.stored(id, caller);
    const secret = newSecret(id);
    const key = rotated(kept.key, hashOf(secret).toString('hex'), overlapSeconds * 1000, now);
    if (!(await this.store.replace(kept.key, key))) throw keyChangedMeanwhile();
    this.keys.forgetCached();
    this.note('rotated', key, caller, { overlapSeconds });
    return { kept: { ...kept, key }, secret };
  }

  async revoke(id: string, caller: Caller): Promise<void> {
    const { key } = await this.stored(id, caller);
    if (!(await this.store.remove(id))) throw noSuchKey();
    this.keys.forgetCached();
    this.note('revoked', key, caller);
  }

  /** One that can be changed here. */
  private async stored(id: string, caller: Caller): Promise<KeptKey> {
    const found = await this.find(id, caller);
    if (!('key' in found)) throw isConfigured();
    return found;
  }

  private refuseWhatCannotBe(
    { scopes, service, expiresAt }: Pick<ApiKey, 'scopes' | 'service' | 'expiresAt'>,
    now: Date,
  ): void {
    const problems = [
      ...(service === ALL_SERVICES && scopes.includes('verify')
        ? [{ pointer: '/scopes', detail: 'a key for all services only operates: a verification is started for one' }]
        : []),
      ...(service !== ALL_SERVICES && !this.services.find(service)
        ? [{ pointer: '/service', detail: `is not configured here; there are ${this.services.names.join(', ')}` }]
        : []),
      ...(expiresAt !== undefined && !(expiresAt > now.getTime())
        ? [{ pointer: '/expiresAt', detail: 'must be in the future' }]
        : []),
    ];
    if (problems.length > 0) throw invalidRequest(problems);
  }

  private configured(id: string): KeyEntry | undefined {
    return this.keys.configured.find((entry) => entry.id === id);
  }

  /** The audit trail: who did what to which key, never a secret or its hash. */
  private note(did: 'created' | 'rotated' | 'revoked', { id, service }: ApiKey, by: Caller, more: object = {}): void {
    this.logger.warn({ audit: `api_key.${did}`, by: by.id, keyId: id, service, ...more }, `API key ${did}`);
  }
}
