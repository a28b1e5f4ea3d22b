import { REDIS, type Redis } from '@app/common';
import { COMPANY_BOOK, MemoryCompanyBook, RedisCompanyBook, type CompanyBook } from '@app/sms-provider';
import { Module, type DynamicModule } from '@nestjs/common';
import { CompaniesController } from './companies.controller.js';
import { CompaniesService } from './companies.service.js';

/** What operators see of the companies and say about them. */
@Module({ controllers: [CompaniesController] })
export class CompaniesModule {
  /** Without a URL the book is the one that a worker of this process has as well. */
  static at(url: string | undefined, shared: CompanyBook = new MemoryCompanyBook()): DynamicModule {
    const book = url
      ? { provide: COMPANY_BOOK, inject: [REDIS], useFactory: (redis: Redis) => new RedisCompanyBook(redis) }
      : { provide: COMPANY_BOOK, useValue: shared };
    return { module: CompaniesModule, providers: [CompaniesService, book] };
  }
}
