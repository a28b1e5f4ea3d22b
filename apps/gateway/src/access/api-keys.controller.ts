import { Describe } from '@app/common';
import { Body, Controller, Get, Header, HttpCode, Param, Post, Res } from '@nestjs/common';
import { configuredViewOf, viewOf } from './api-key-view.js';
import { describedApiKeys } from './api-keys.openapi.js';
import { CreateApiKey, RotateApiKey } from './api-keys.requests.js';
import { ApiKeysService } from './api-keys.service.js';
import { Caller } from './caller.js';
import { Needs } from './needs.js';

/** A day: time to bring the new secret to everybody. */
const OVERLAP_SECONDS = 86_400;

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller('v1/api-keys')
@Describe<ApiKeysController>(describedApiKeys)
@Needs('operate')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  /** The only answer, with that of a rotation, that holds a secret. */
  @Post()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  async create(@Body() request: CreateApiKey, @Caller() caller: Caller, @Res({ passthrough: true }) reply: Reply) {
    const now = new Date();
    const { kept, secret } = await this.keys.create(request, caller, now);
    reply.header('location', `/v1/api-keys/${kept.key.id}`);
    return { ...viewOf(kept, now), key: secret };
  }

  @Get()
  async list(@Caller() caller: Caller) {
    const now = new Date();
    const { configured, stored } = await this.keys.list(caller);
    return { apiKeys: [...configured.map(configuredViewOf), ...stored.map((kept) => viewOf(kept, now))] };
  }

  @Get(':id')
  async show(@Param('id') id: string, @Caller() caller: Caller) {
    const found = await this.keys.find(id, caller);
    return 'key' in found ? viewOf(found, new Date()) : configuredViewOf(found);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  async rotate(@Param('id') id: string, @Body() { overlapSeconds }: RotateApiKey, @Caller() caller: Caller) {
    const now = new Date();
    const { kept, secret } = await this.keys.rotate(id, overlapSeconds ?? OVERLAP_SECONDS, caller, now);
    return { ...viewOf(kept, now), key: secret };
  }

  @Post(':id/revoke')
  @HttpCode(200)
  async revoke(@Param('id') id: string, @Caller() caller: Caller) {
    await this.keys.revoke(id, caller);
    return { id, revoked: true };
  }
}
