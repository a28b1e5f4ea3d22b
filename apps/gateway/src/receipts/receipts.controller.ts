import { AppLogger, dependencyUnavailable, EventPublisher, Metrics, Problem, SmsReceipt } from '@app/common';
import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Receipt, ReceiptReader } from '@app/sms-provider';
import { randomUUID } from 'node:crypto';
import { Open } from '../access/open.js';
import { ReceiptReaders } from './receipt-readers.js';

interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As it came: what is signed are its bytes. */
  readonly body: unknown;
}

interface Reply {
  status(code: number): this;
  header(name: string, value: string): this;
}

/** No company sends more in one request; the rest could only be an attack. */
const MAX_RECEIPTS = 1000;

/**
 * Takes companies' receipts and is quick about it: what they are about is the worker's to find, so nobody learns here
 * whether an id is known. A company is thanked when RabbitMQ has every one; else it shall come again.
 */
@Controller('v1/receipts')
@Open()
export class ReceiptsController {
  private readonly taken;

  constructor(
    private readonly readers: ReceiptReaders,
    private readonly publisher: EventPublisher,
    private readonly logger: AppLogger,
    metrics: Metrics,
  ) {
    this.taken = metrics.counter(
      'otpost_receipt_requests_total',
      'Requests of companies with receipts, by what became of them.',
      ['provider', 'outcome'],
    );
  }

  @Post(':provider')
  @HttpCode(200)
  signed(@Param('provider') provider: string, @Req() request: Request, @Res({ passthrough: true }) reply: Reply) {
    return this.take(provider, undefined, request, reply);
  }

  @Post(':provider/:token')
  @HttpCode(200)
  withToken(
    @Param('provider') provider: string,
    @Param('token') token: string,
    @Req() request: Request,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    return this.take(provider, token, request, reply);
  }

  private async take(provider: string, token: string | undefined, request: Request, reply: Reply): Promise<string> {
    const reader = this.readers.at(provider, token);
    if (!reader) throw nobody();
    const receipts = this.read(provider, reader, request);
    const confirmed = await Promise.all(receipts.map((receipt) => this.publish(provider, receipt)));
    const outcome = confirmed.every(Boolean) ? 'taken' : 'not_taken';
    this.taken.inc({ provider, outcome });
    if (outcome === 'not_taken')
      throw dependencyUnavailable('RabbitMQ does not take it at this moment. Send it again.');
    const { status, contentType, body } = reader.thanks;
    reply.status(status);
    if (contentType !== undefined) reply.header('content-type', contentType);
    return body ?? '';
  }

  private read(provider: string, reader: ReceiptReader, { url, headers, body }: Request): readonly Receipt[] {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const reading = reader.read({ url, headers, body: bytes, now: new Date() });
    if (reading.kind === 'receipts' && reading.receipts.length <= MAX_RECEIPTS) {
      const { receipts, skipped } = reading;
      if (skipped)
        this.logger.warn({ provider, skipped, taken: receipts.length }, 'entries that are no receipt were skipped');
      return receipts;
    }
    const outcome = reading.kind === 'forged' ? 'forged' : 'unreadable';
    this.taken.inc({ provider, outcome });
    this.logger.warn({ provider, outcome, bytes: bytes.length }, 'a receipt was refused');
    throw outcome === 'forged' ? forged() : unreadable();
  }

  private async publish(provider: string, receipt: Receipt): Promise<boolean> {
    const event = Object.assign(new SmsReceipt(), { provider, ...receipt, at: new Date().toISOString() });
    return (await this.publisher.publish(event, { messageId: randomUUID() })) === 'confirmed';
  }
}

const nobody = () =>
  new Problem({ status: 404, code: 'not_found', title: 'Not found', detail: 'There is nothing at this address.' });
const forged = () =>
  new Problem({
    status: 401,
    code: 'invalid_signature',
    title: 'Who are you?',
    detail: 'The signature is missing, wrong or too old.',
  });
const unreadable = () =>
  new Problem({
    status: 400,
    code: 'unreadable_receipt',
    title: 'Unreadable',
    detail: 'This is no receipt as the company documents it.',
  });
