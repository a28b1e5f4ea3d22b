import { Sealer } from '@app/common';
import { Module } from '@nestjs/common';
import { OutboxModule } from '../outbox/outbox.module.js';
import { ChecksController } from './checks.controller.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import { TextLimits } from '../limits/text-limits.js';
import { KeyedHash } from './keyed-hash.js';
import { NumberNames } from './number-names.js';
import { NumberErasure } from './number-erasure.js';
import { NumbersController } from './numbers.controller.js';
import { VerificationController } from './verification.controller.js';
import { CodeChecks } from './code-checks.js';
import { LimitSubjects } from './limit-subjects.js';
import { VerificationLookup } from './verification-lookup.js';
import { VerificationService } from './verification.service.js';

@Module({
  imports: [OutboxModule],
  controllers: [VerificationController, ChecksController, NumbersController],
  providers: [
    VerificationService,
    VerificationLookup,
    CodeChecks,
    LimitSubjects,
    NumberErasure,
    TextLimits,
    KeyedHash,
    NumberNames,
    Sealer,
    GatewayMetrics,
  ],
})
export class VerificationModule {}
