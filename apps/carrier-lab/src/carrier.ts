import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reason } from './faults/fault.js';
import { Faults, type ActiveFault } from './faults/faults.js';
import { Inbox } from './inbox/inbox.js';
import { ReceiptSender, type ReceiptFacts, type ReceiptPost } from './receipts/receipt-sender.js';
import { RecentMap } from './recent-map.js';
import { Records, type KeptText } from './records.js';
import { Stats } from './stats/stats.js';

/** A text that a company's own checks let through, or what they said against it. */
export type Submission =
  | {
      readonly to: string;
      readonly text: string;
      readonly templateId: string;
      readonly reference?: string;
      /** Where this text's receipt is asked for. */
      readonly callbackUrl?: string;
    }
  | { readonly to?: string; readonly refused: string };

export type Verdict = { readonly accepted: string } | { readonly refused: string };

/** How one company speaks; its controller reads the requests. */
export interface Company {
  readonly name: string;
  /** Its codes for what a fault may say of a text. */
  readonly codes: Readonly<Record<Reason, string>>;
  /** Its code for a reference that it has accepted on the same day in China; without one it guards against nothing. */
  readonly repeated?: string;
  answer(verdict: Verdict, at: Date, submission: Submission): { readonly status: number; readonly body: object };
  /** Its later word on a text, where the gateway takes it. */
  readonly receipt?: (facts: ReceiptFacts) => ReceiptPost;
}

/** What the carrier needs of Fastify's reply. */
export interface Reply {
  readonly raw: ServerResponse;
  status(code: number): this;
  header(name: string, value: string): this;
  send(body: object): unknown;
  /** From here on the answer is ours alone, even where none comes. */
  hijack(): unknown;
}

/** Takes a text in a company's name: applies the faults, keeps the text, counts, answers. */
@Injectable()
export class Carrier {
  private readonly references = new RecentMap<string>();

  constructor(
    private readonly faults: Faults,
    private readonly inbox: Inbox,
    private readonly stats: Stats,
    private readonly receipts: ReceiptSender,
    private readonly records: Records,
  ) {}

  /** A caller that hangs up during the wait has handed in its text all the same. */
  async serve(company: Company, submission: Submission, reply: Reply): Promise<void> {
    this.stats.called(reply.raw);
    const active = this.faults.faultFor(submission.to);
    const { latencyMs, hang, cut, stall } = active.fault;
    if (latencyMs) await sleep(latencyMs, undefined, { ref: false });
    if (hang === 'before') return void reply.hijack();
    const lost = (cut ?? stall) === 'before';
    const verdict = lost ? { refused: company.codes.busy } : this.judge(company, submission, active);
    if (hang === 'after') return void reply.hijack();
    const { status, body } = company.answer(verdict, new Date(), submission);
    const { retryAfterSeconds } = active.fault;
    if ('refused' in verdict && retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
    if (cut ?? stall) return answerHalf(reply, status, JSON.stringify(body), cut !== undefined);
    reply.status(status).send(body);
  }

  /** Answers a status query about what a number got. */
  async tell(
    { name }: Company,
    to: string | undefined,
    reply: Reply,
    answer: (texts: readonly KeptText[]) => { readonly status: number; readonly body: object },
  ): Promise<void> {
    this.stats.queried();
    const { latencyMs, query, queryLateMs = 0 } = this.faults.faultFor(to).fault;
    if (latencyMs) await sleep(latencyMs, undefined, { ref: false });
    if (query === 'hang') return void reply.hijack();
    if (query === 'down') return void reply.status(503).send({});
    const shown = to === undefined || query === 'empty' ? [] : this.records.of(name, to, queryLateMs);
    const { status, body } = answer(shown);
    reply.status(status).send(body);
  }

  private judge(company: Company, submission: Submission, active: ActiveFault): Verdict {
    const refused = 'refused' in submission ? submission.refused : this.refusalOf(company, submission, active);
    if (refused === undefined) return { accepted: this.take(company, submission as Accepted, active) };
    this.stats.refused(refused);
    return { refused };
  }

  private refusalOf(company: Company, { to, text, reference }: Accepted, active: ActiveFault): string | undefined {
    const reason = active.refusalOf(to, text);
    if (reason !== undefined) return company.codes[reason as Reason] ?? reason;
    const seen = reference !== undefined && this.references.get(`${company.name} ${reference}`) === dayInChina();
    return seen ? company.repeated : undefined;
  }

  private take(company: Company, { reference, callbackUrl, ...text }: Accepted, active: ActiveFault): string {
    const id = randomUUID().replaceAll('-', '');
    if (reference !== undefined) this.references.set(`${company.name} ${reference}`, dayInChina());
    this.stats.accepted(text.to, text.text);
    this.inbox.add({ ...text, provider: company.name, providerMessageId: id, reference: reference ?? null });
    this.records.add({ ...text, company: company.name, id, reference, at: new Date() }, active.fault);
    const { receipt } = company;
    if (receipt) this.receipts.schedule({ receipt }, { to: text.to, id, reference, callbackUrl }, active);
    return id;
  }
}

type Accepted = Extract<Submission, { text: string }>;

const dayInChina = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

/** Half an answer, then nothing: the connection breaks, or stays. */
function answerHalf(reply: Reply, status: number, body: string, breaks: boolean): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  raw.write(body.slice(0, body.length / 2), () => breaks && raw.destroy());
}
