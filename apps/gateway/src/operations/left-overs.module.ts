import { LeftOvers, Sealer } from '@app/common';
import { Module } from '@nestjs/common';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLettersService } from './dead-letters.service.js';
import { Ownership } from './ownership.js';
import { ParkedController } from './parked.controller.js';
import { Replayability } from './replayability.js';

/** What operators see of events that came to nothing, and what they can do with them. */
@Module({
  controllers: [DeadLettersController, ParkedController],
  providers: [LeftOvers, DeadLettersService, Ownership, Replayability, Sealer],
})
export class LeftOversModule {}
