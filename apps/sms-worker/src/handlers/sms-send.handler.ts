import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { DeliveryInfo, Handles, SmsSend, type Delivery, type HandlerResult } from '@app/common';
import { SMS_POLICY, SmsSender } from '@app/sms-provider';

/** The clocks of gateway and worker may differ by this much. */
const CLOCK_TOLERANCE_MS = 2000;

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

const isExpired = ({ expiresAt }: SmsSend, now: Date): boolean =>
  now.getTime() > Date.parse(expiresAt) + CLOCK_TOLERANCE_MS;
