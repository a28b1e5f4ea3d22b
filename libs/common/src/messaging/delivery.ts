import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { RmqContext } from '@nestjs/microservices';
import { countOf } from './delivery-headers.js';
import type { DeliveryCount } from './settlement.js';

/** What a handler may know of how its event came. */
export interface Delivery extends DeliveryCount {
  /** W3C Trace Context of whatever led to the event. */
  readonly traceparent?: string;
}

/** Parameter of a handler: `handle(@Payload() event: SmsSend, @DeliveryInfo() delivery: Delivery)`. */
export const DeliveryInfo = createParamDecorator((_: unknown, context: ExecutionContext): Delivery => {
  const message = context.switchToRpc().getContext<RmqContext>().getMessage() as Parameters<typeof countOf>[0];
  const traceparent = message.properties.headers?.traceparent;
  return { ...countOf(message), ...(typeof traceparent === 'string' ? { traceparent } : {}) };
});
