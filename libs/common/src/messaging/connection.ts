import type { LoggerService } from '@nestjs/common';
import { connect, type AmqpConnectionManager, type ChannelWrapper } from 'amqp-connection-manager';
import type { ConfirmChannel } from 'amqplib';
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestContext } from '../telemetry/request-context.js';

/** Between two tries; not always the same, so that many processes do not come back in step. */
const reconnectSeconds = (): number => randomInt(500, 1500) / 1000;

/** The nodes in another order each time: no node of a cluster gets everybody. */
export function shuffled<T>(things: readonly T[]): T[] {
  const left = [...things];
  return Array.from({ length: left.length }, () => left.splice(randomInt(left.length), 1)[0]!);
}

/** Keeps one connection of ours: noticed dead within 30 s, tried again about every second, never waiting long for a silent broker. */
export function manageConnection(urls: readonly string[]): AmqpConnectionManager {
  const manager = connect(null, {
    findServers: async () => shuffled(urls),
    heartbeatIntervalInSeconds: 10,
    reconnectTimeInSeconds: reconnectSeconds(),
    connectionOptions: { timeout: 2000, noDelay: true }, // Nagle's algorithm would hold a lone publish back for 40 ms
  });
  // Both are told before the manager begins its wait.
  for (const setback of ['connectFailed', 'disconnect'] as const)
    manager.on(setback, () => (manager.reconnectTimeInSeconds = reconnectSeconds()));
  return manager;
}

export interface SoleChannelOptions {
  /** As log lines call it: publisher or consumer. */
  readonly who: string;
  readonly logger: LoggerService;
  /** Runs for each new channel; a failure makes another connection. */
  readonly setUp: (channel: ConfirmChannel) => Promise<void>;
}

/** How long a goodbye may take. A broker that is frozen, or has raised an alarm, answers none. */
const GOODBYE_MS = 2000;

/**
 * Keeps one confirm channel on one managed connection. A channel error ends the connection as well: the manager makes a
 * new channel only with a new connection, a second after the old one has gone. Logs one line when the broker goes and one
 * when it is back.
 */
export class SoleChannel {
  readonly wrapper: ChannelWrapper;
  /** Resolves when the first try has come to an end, good or bad. */
  readonly firstTry: Promise<void>;
  private away = false;
  private ended = false;
  private tried: () => void = () => undefined;

  constructor(
    private readonly manager: AmqpConnectionManager,
    private readonly options: SoleChannelOptions,
  ) {
    manager.on('connectFailed', ({ err }) => this.disconnected(err));
    manager.on('disconnect', ({ err }) => this.disconnected(err));
    this.firstTry = new Promise((resolve) => (this.tried = resolve));
    this.wrapper = manager.createChannel({
      confirm: true,
      setup: async (channel: ConfirmChannel) => {
        channel.on('error', (error: Error) => this.failed(error));
        await options.setUp(channel);
        this.connected();
      },
    });
    this.wrapper.on('error', (error: Error) => this.failed(error)); // without a listener the process would end
  }

  /** Says goodbye, and hangs up where no answer comes. Nothing is connected again afterwards. */
  async end(): Promise<void> {
    this.ended = true;
    const hangUp = this.hangUp();
    await within(GOODBYE_MS, this.manager.close());
    hangUp();
  }

  /** Makes another connection, and says why. */
  renew(reason: string): void {
    const { connection } = this.manager;
    if (this.ended || !connection) return;
    this.options.logger.error(`${reason}; making a new connection for the ${this.options.who}`);
    // The manager's own listeners see the connection go, and connect again: not on behalf of the request that noticed.
    const hangUp = this.hangUp();
    requestContext.exit(() => void within(GOODBYE_MS, connection.close()).then(hangUp));
  }

  private failed(error: Error): void {
    this.tried();
    this.renew(`The channel failed: ${error.message}`);
  }

  /** amqplib shows no way to hang up without an answer from the broker. An error is what it takes notice of. */
  private hangUp(): () => void {
    const { connection } = this.manager as unknown as { connection?: { connection?: { stream?: Socket } } };
    const socket = connection?.connection?.stream;
    return () => void socket?.destroy(new Error('no answer to our goodbye'));
  }

  private disconnected(error: Error | undefined): void {
    this.tried();
    if (!this.away && !this.ended) {
      this.options.logger.error(
        `RabbitMQ is not reachable for the ${this.options.who}; trying again about every second: ${error?.message ?? 'connection closed'}`,
      );
    }
    this.away = true;
  }

  private connected(): void {
    this.tried();
    if (this.away) this.options.logger.warn(`RabbitMQ is back for the ${this.options.who}`);
    this.away = false;
  }
}

/** Resolves when the step is over, well or badly, and at the latest after so long. */
export async function within(milliseconds: number, step: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const outOfPatience = sleep(milliseconds, undefined, { signal: patience.signal });
  await Promise.race([step, outOfPatience].map((each) => each.catch(() => undefined)));
  patience.abort();
}
