import { SmsReceiptHandler } from './sms-receipt.handler.js';
import { SmsSendHandler } from './sms-send.handler.js';

/** Every handler of the worker: an event joins by its file and one line here. */
export const handlers = [SmsSendHandler, SmsReceiptHandler];
