import { cursorOf, Describe } from '@app/common';
import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { Caller } from '../access/caller.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { Seed, type SeededRequest } from '../idempotency/request-seed.js';
import { rateLimitFields } from '../limits/rate-limit-fields.js';
import { CodeChecks } from './code-checks.js';
import { VerificationLookup } from './verification-lookup.js';
import { checkViewOf, listedViewOf, timelineViewOf, viewOf } from './verification-view.js';
import { described } from './verification.openapi.js';
import { CheckCode, ListVerifications, ResendVerification, StartVerification } from './verification.requests.js';
import { VerificationService } from './verification.service.js';

interface Reply {
  headers(headers: Record<string, string>): unknown;
}

@Controller('v1/verifications')
@Describe<VerificationController>(described)
export class VerificationController {
  constructor(
    private readonly verifications: VerificationService,
    private readonly lookup: VerificationLookup,
    private readonly codeChecks: CodeChecks,
  ) {}

  @Post()
  @HttpCode(202)
  @Idempotent()
  async start(
    @Body() request: StartVerification,
    @Caller() caller: Caller,
    @Seed() seed: SeededRequest,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const started = await this.verifications.start(request, caller, seed);
    const location = `/v1/verifications/${started.verification.id}`;
    reply.headers({ location, ...rateLimitFields(started.quotas, started.now) });
    return viewOf(started);
  }

  @Get()
  async list(@Query() query: ListVerifications, @Caller() caller: Caller) {
    const { snapshots, last } = await this.lookup.list(query, caller);
    return { verifications: snapshots.map(listedViewOf), cursor: last ? cursorOf(last) : null };
  }

  @Get(':id')
  async find(@Param('id') id: string, @Caller() caller: Caller) {
    return viewOf(await this.lookup.find(id, caller));
  }

  @Post(':id/checks')
  @HttpCode(200)
  async check(@Param('id') id: string, @Body() { code }: CheckCode, @Caller() caller: Caller) {
    return checkViewOf(await this.codeChecks.check(id, code, caller));
  }

  @Post(':id/resends')
  @HttpCode(202)
  @Idempotent()
  async resend(
    @Param('id') id: string,
    @Body() _request: ResendVerification,
    @Caller() caller: Caller,
    @Seed() seed: SeededRequest,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const resent = await this.verifications.resend(id, caller, seed);
    reply.headers(rateLimitFields(resent.quotas, resent.now));
    return viewOf(resent);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Idempotent()
  async cancel(@Param('id') id: string, @Caller() caller: Caller) {
    return viewOf(await this.verifications.cancel(id, caller));
  }

  /** Everything that happened to it, for support. */
  @Get(':id/timeline')
  async timeline(@Param('id') id: string, @Caller() caller: Caller) {
    return timelineViewOf(await this.lookup.find(id, caller));
  }
}
