import { Module, type DynamicModule } from '@nestjs/common';
import { AppLogger } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { OperationsController } from './operations.controller.js';
import { Readiness } from './readiness.js';

/** Logger, metrics and readiness of one app, and the three addresses that show them. */
@Module({})
export class OperationsModule {
  static with(logger: AppLogger): DynamicModule {
    return {
      module: OperationsModule,
      global: true,
      controllers: [OperationsController],
      providers: [Metrics, Readiness, { provide: AppLogger, useValue: logger }],
      exports: [Metrics, Readiness, AppLogger],
    };
  }
}
