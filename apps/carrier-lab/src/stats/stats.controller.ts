import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { Stats, type StatsView } from './stats.js';

@Controller('stats')
export class StatsController {
  constructor(private readonly stats: Stats) {}

  @Get()
  view(): StatsView {
    return this.stats.view();
  }

  @Delete()
  @HttpCode(204)
  reset(): void {
    this.stats.reset();
  }
}
