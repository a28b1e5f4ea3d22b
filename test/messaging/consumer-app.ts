import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IsString } from 'class-validator';
import { randomBytes } from 'node:crypto';
import {
  createLogger,
  Event,
  EventPublisher,
  EventServer,
  Handles,
  MessagingModule,
  OperationsModule,
  RabbitSettings,
  RetryPolicies,
  SettingsModule,
  type HandlerResult,
  type RetryPolicy,
} from '@app/common';

/** Each test process has a pattern of its own: their consumers share one broker. */
export const TEST_PATTERN = `test.happened-${process.env.JEST_WORKER_ID}`;

/** An event of the tests. */
@Event(TEST_PATTERN)
export class TestHappened {
  @IsString()
  text!: string;
}

export interface ConsumerApp {
  readonly name: string;
  readonly queue: string;
  readonly publisher: EventPublisher;
  readonly server: EventServer;
  /** Texts in the order in which their handler was called, with the time. */
  readonly handled: { text: string; at: number }[];
  close(): Promise<void>;
}

export type TestHandler = (event: TestHappened) => HandlerResult | undefined | Promise<HandlerResult | undefined>;

/** A worker with one handler, as a team would write it, under a name of its own. */
export async function startConsumer(
  url: string,
  handler: TestHandler,
  options: {
    policy?: Partial<RetryPolicy>;
    name?: string;
    prefetch?: number;
    drainMs?: number;
    publishTimeoutSeconds?: number;
    /** Beside the broker's own. */
    otherUrls?: readonly string[];
  } = {},
): Promise<ConsumerApp> {
  const name = options.name ?? `test-${randomBytes(4).toString('hex')}`;
  const handled: ConsumerApp['handled'] = [];

  @Controller()
  class TestHandlers {
    constructor(policies: RetryPolicies) {
      policies.bind('test', { maxAttempts: 4, backoffSeconds: 0.1, deferSeconds: [0.3], ...options.policy });
    }

    @Handles(TestHappened, 'test', { lane: 'lane' })
    async handle(@Payload() event: TestHappened): Promise<HandlerResult | undefined> {
      handled.push({ text: event.text, at: Date.now() });
      return handler(event);
    }
  }

  const rabbit = Object.assign(new RabbitSettings(), {
    urls: [url, ...(options.otherUrls ?? [])],
    publishTimeoutSeconds: options.publishTimeoutSeconds ?? 2,
  });
  @Module({
    imports: [
      SettingsModule.of({ rabbit }),
      OperationsModule.with(createLogger('test', 'silent')),
      MessagingModule.forConsumer({
        name,
        prefetch: options.prefetch ?? 1000,
        alsoDeclare: [],
        drainMs: options.drainMs ?? 5000,
      }),
    ],
    controllers: [TestHandlers],
  })
  class TestModule {}

  const app = await NestFactory.create(TestModule, new FastifyAdapter(), { logger: false, abortOnError: false });
  const server = app.get(EventServer);
  app.connectMicroservice({ strategy: server });
  await app.startAllMicroservices();
  await app.init();
  return { name, queue: `${name}.lane`, publisher: app.get(EventPublisher), server, handled, close: () => app.close() };
}
