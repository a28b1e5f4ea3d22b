import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { DeliveryInfo, Handles, SmsReceipt, type Delivery, type HandlerResult } from '@app/common';
import { RECEIPTS, Receipts } from '@app/sms-provider';

/** A company's later word: whose text is it about? */
@Controller()
export class SmsReceiptHandler {
  constructor(private readonly receipts: Receipts) {}

  @Handles(SmsReceipt, RECEIPTS)
  handle(@Payload() receipt: SmsReceipt, @DeliveryInfo() delivery: Delivery): Promise<HandlerResult> {
    return this.receipts.take(receipt, delivery);
  }
}
