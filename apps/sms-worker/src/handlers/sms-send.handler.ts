import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { DeliveryInfo, Handles, SmsSend, type Delivery, type HandlerResult } from '@app/common';
import { isExpired, SMS_POLICY, SmsSender } from '@app/sms-provider';

/** One event, one decision: still worth sending? */
@Controller()
export class SmsSendHandler {
  constructor(private readonly sender: SmsSender) {}

  @Handles(SmsSend, SMS_POLICY)
  handle(@Payload() message: SmsSend, @DeliveryInfo() delivery: Delivery): Promise<HandlerResult> {
    if (isExpired(message, new Date())) return this.sender.expire(message, delivery);
    return this.sender.send(message, delivery);
  }
}
