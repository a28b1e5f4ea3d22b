import { AppLogger, mask } from '@app/common';
import { COMPANY_BOOK, providerList, type CompanyBook, type CompanyEntry } from '@app/sms-provider';
import { Inject, Injectable } from '@nestjs/common';
import { ALL_SERVICES, operatesOnAll, type Caller } from '../access/caller.js';
import { missingService } from '../access/refusals.js';
import type { PauseCompany } from './companies.requests.js';
import { noSuchCompany } from './refusals.js';

/** Takes companies off every route and puts them back. They send for all services, so only keys of all services do that. */
@Injectable()
export class CompaniesService {
  constructor(
    @Inject(COMPANY_BOOK) private readonly book: CompanyBook,
    private readonly logger: AppLogger,
  ) {}

  list(): Promise<readonly CompanyEntry[]> {
    return this.book.list();
  }

  async pause(name: string, request: PauseCompany, caller: Caller): Promise<CompanyEntry> {
    refuse(name, caller);
    const reason = mask(request.reason);
    const seconds = request.forSeconds ?? undefined;
    await this.book.pause(name, { reason, by: caller.id, ...(seconds !== undefined && { forMs: seconds * 1000 }) });
    this.logger.warn({ provider: name, by: caller.id, reason, seconds: seconds ?? null }, 'a company was paused');
    return this.entryOf(name);
  }

  async resume(name: string, caller: Caller): Promise<CompanyEntry> {
    refuse(name, caller);
    if (await this.book.resume(name, caller.id))
      this.logger.warn({ provider: name, by: caller.id }, 'a company was resumed');
    return this.entryOf(name);
  }

  private async entryOf(name: string): Promise<CompanyEntry> {
    const entry = (await this.book.list()).find((one) => one.name === name);
    return entry ?? { name, breakers: { closed: 0, 'half-open': 0, open: 0 } };
  }
}

function refuse(name: string, caller: Caller): void {
  if (!operatesOnAll(caller)) throw missingService(ALL_SERVICES);
  if (!providerList.some((provider) => provider.name === name)) throw noSuchCompany();
}
