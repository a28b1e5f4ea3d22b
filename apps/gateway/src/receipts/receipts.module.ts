import { Module, type DynamicModule } from '@nestjs/common';
import { ReceiptReaders } from './receipt-readers.js';
import { ReceiptsSettings, type ReceiptSettings } from './receipts.config.js';
import { ReceiptsController } from './receipts.controller.js';

/** Where the bodies come as they were sent. */
export const RECEIPTS_PATH = '/v1/receipts/';
/** A hundred receipts at once, as the largest batches have. */
export const RECEIPTS_BODY_BYTES = 256 * 1024;

@Module({ controllers: [ReceiptsController] })
export class ReceiptsModule {
  static with(settings: ReceiptSettings): DynamicModule {
    const readers = {
      provide: ReceiptReaders,
      inject: [ReceiptsSettings],
      useFactory: ({ tokens }: ReceiptsSettings) => new ReceiptReaders(settings, tokens),
    };
    return { module: ReceiptsModule, providers: [readers] };
  }
}
