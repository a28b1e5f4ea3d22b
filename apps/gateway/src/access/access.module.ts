import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { ApiKeys } from './api-keys.js';

/** Guards every route of the app that imports it. */
@Module({ providers: [ApiKeys, { provide: APP_GUARD, useClass: AccessGuard }] })
export class AccessModule {}
