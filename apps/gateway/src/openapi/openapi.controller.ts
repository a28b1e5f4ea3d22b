import { Describe, type JsonSchema } from '@app/common';
import { Controller, Get, Header, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { openApiOf } from './openapi-document.js';
import { routesOf } from './routes.js';

/** Describes the app that it is part of: the same as `docs/openapi.json`. */
@Controller()
@Describe<OpenApiController>({
  document: {
    summary: 'This description of the API',
    answer: { description: 'OpenAPI 3.1', schema: { type: 'object', required: ['openapi', 'info', 'paths'] } },
  },
})
export class OpenApiController {
  private text: string | undefined;

  constructor(private readonly modules: ModulesContainer) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json; charset=utf-8')
  document(): string {
    return (this.text ??= JSON.stringify(this.describe()));
  }

  describe(): JsonSchema {
    return openApiOf(routesOf(this.modules));
  }
}

@Module({ controllers: [OpenApiController] })
export class OpenApiModule {}
