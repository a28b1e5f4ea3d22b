import { Describe } from '@app/common';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Caller } from '../access/caller.js';
import { Needs } from '../access/needs.js';
import { describedCompanies } from './companies.openapi.js';
import { PauseCompany } from './companies.requests.js';
import { CompaniesService } from './companies.service.js';
import { viewOf } from './company-view.js';

@Controller('v1/companies')
@Needs('operate')
@Describe<CompaniesController>(describedCompanies)
export class CompaniesController {
  constructor(private readonly companies: CompaniesService) {}

  @Get()
  async list() {
    return { companies: (await this.companies.list()).map(viewOf) };
  }

  @Post(':name/pause')
  @HttpCode(200)
  async pause(@Param('name') name: string, @Body() request: PauseCompany, @Caller() caller: Caller) {
    return viewOf(await this.companies.pause(name, request, caller));
  }

  @Post(':name/resume')
  @HttpCode(200)
  async resume(@Param('name') name: string, @Caller() caller: Caller) {
    return viewOf(await this.companies.resume(name, caller));
  }
}
