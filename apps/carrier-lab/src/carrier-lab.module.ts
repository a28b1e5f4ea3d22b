import { AppLogger, SettingsModule } from '@app/common';
import { Module, type DynamicModule } from '@nestjs/common';
import type { CarrierLabConfig } from './carrier-lab.config.js';
import { Carrier } from './carrier.js';
import { AliyunPnvsController } from './companies/aliyun-pnvs.controller.js';
import { AliyunController } from './companies/aliyun.controller.js';
import { CcpController } from './companies/ccp.controller.js';
import { TencentController } from './companies/tencent.controller.js';
import { TwilioController } from './companies/twilio.controller.js';
import { WebhookController } from './companies/webhook.controller.js';
import { Faults } from './faults/faults.js';
import { FaultsController } from './faults/faults.controller.js';
import { FrontDoor } from './front-door.js';
import { Inbox } from './inbox/inbox.js';
import { InboxController } from './inbox/inbox.controller.js';
import { Records } from './records.js';
import { ReceiptSender } from './receipts/receipt-sender.js';
import { Stats } from './stats/stats.js';
import { StatsController } from './stats/stats.controller.js';

/** One controller for each company whose API the lab speaks. */
const companies = [
  CcpController,
  AliyunController,
  AliyunPnvsController,
  TencentController,
  TwilioController,
  WebhookController,
];

@Module({})
export class CarrierLabModule {
  static of(config: CarrierLabConfig, logger: AppLogger): DynamicModule {
    return {
      module: CarrierLabModule,
      imports: [SettingsModule.of({ ...config })],
      controllers: [...companies, InboxController, FaultsController, StatsController],
      providers: [
        Carrier,
        Faults,
        FrontDoor,
        Inbox,
        ReceiptSender,
        Records,
        Stats,
        { provide: AppLogger, useValue: logger },
      ],
    };
  }
}
