import type { LoggerService } from '@nestjs/common';
import type { RmqOptions } from '@nestjs/microservices';
import type { AmqpConnectionManager, ChannelWrapper } from 'amqp-connection-manager';
import type { ConfirmChannel } from 'amqplib';

/** One connection of ours: noticed dead within 20 s, tried again every second, never waiting long for a silent broker. */
export const connectionOptions = (urls: readonly string[]): NonNullable<RmqOptions['options']> => ({
  urls: [...urls],
  socketOptions: {
    heartbeatIntervalInSeconds: 10,
    reconnectTimeInSeconds: 1,
    connectionOptions: { timeout: 2000 },
  },
});

export interface SoleChannelOptions {
  /** As log lines call it: publisher or consumer. */
  readonly who: string;
  readonly logger: LoggerService;
  /** Runs for each new channel; a failure makes another connection. */
  readonly setUp: (channel: ConfirmChannel) => Promise<void>;
}

const RECONNECT_AFTER_MS = 1000;

/**
 * Keeps one confirm channel on one managed connection. A channel error ends the connection as well: the manager makes a
 * new channel only with a new connection. Logs one line when the broker goes and one when it is back.
 */
export class SoleChannel {
  readonly wrapper: ChannelWrapper;
  /** Resolves when the first try has come to an end, good or bad. */
  readonly firstTry: Promise<void>;
  private away = false;
  private ended = false;
  private reconnecting: NodeJS.Timeout | undefined;

  constructor(
    private readonly manager: AmqpConnectionManager,
    private readonly options: SoleChannelOptions,
  ) {
    manager.on('connectFailed', ({ err }) => this.disconnected(err));
    manager.on('disconnect', ({ err }) => this.disconnected(err));
    let tried: () => void;
    this.firstTry = new Promise((resolve) => (tried = resolve));
    manager.once('connectFailed', () => tried());
    this.wrapper = manager.createChannel({
      confirm: true,
      setup: async (channel: ConfirmChannel) => {
        channel.on('error', (error: Error) => this.reconnectSoon(error));
        await options.setUp(channel);
        this.connected();
        tried();
      },
    });
    this.wrapper.on('error', (error: Error) => this.reconnectSoon(error)); // without a listener the process would end
  }

  /** Before the connection is closed on purpose. */
  end(): void {
    this.ended = true;
    clearTimeout(this.reconnecting);
  }

  private reconnectSoon(error: Error): void {
    if (this.ended || this.reconnecting) return;
    this.options.logger.error(`The channel of the ${this.options.who} failed; making a new one: ${error.message}`);
    this.reconnecting = setTimeout(() => {
      this.reconnecting = undefined;
      this.manager.reconnect();
    }, RECONNECT_AFTER_MS);
  }

  private disconnected(error: Error | undefined): void {
    if (!this.away && !this.ended) {
      this.options.logger.error(
        `RabbitMQ is not reachable for the ${this.options.who}; trying again every second: ${error?.message ?? 'connection closed'}`,
      );
    }
    this.away = true;
  }

  private connected(): void {
    if (this.away) this.options.logger.warn(`RabbitMQ is back for the ${this.options.who}`);
    this.away = false;
  }
}
