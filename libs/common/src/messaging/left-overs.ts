import { Injectable } from '@nestjs/common';
import type { ConsumeMessage, Options } from 'amqplib';
import { EventClient } from './event-client.js';
import type { PublishOutcome } from './publish-outcome.js';
import { RabbitSettings } from './rabbit.config.js';
import { readEvent } from './read-event.js';
import { deadQueueOf, parkedQueueOf } from './topology.js';
import { walkQueue } from './queue-walk.js';

/** A dead or parked message as it lies in its queue. */
export interface LeftOver {
  readonly messageId: string;
  /** Undefined where the body cannot be read. */
  readonly event: { readonly pattern: string; readonly data: unknown } | undefined;
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** When the event was first published, or, where nobody noted it, 0. Epoch milliseconds. */
  readonly firstPublishedAt: number;
}

export interface LeftOverWalk {
  readonly items: readonly LeftOver[];
  /** In the queue when the walk began; more than there are items where the queue is longer than one walk. */
  readonly waiting: number;
  /** For good. */
  readonly discard: (item: LeftOver) => void;
  /**
   * Gives it to its lane again as if it had never been tried, under the same message id; the dead copy goes when the broker
   * has confirmed the new one. Dying in between leaves both, and whoever handles the event knows it by its id.
   */
  readonly replay: (item: LeftOver, by: string, now: Date) => Promise<PublishOutcome | 'unwritable'>;
}

/** What lies in the dead and parked queues, for operators. One walk through a queue at a time. */
@Injectable()
export class LeftOvers {
  /** By queue, when the last walk that was asked for has ended. */
  private readonly walks = new Map<string, Promise<void>>();

  constructor(
    private readonly rabbit: RabbitSettings,
    private readonly client: EventClient,
  ) {}

  /** @throws NoSuchQueueError, BrokerAwayError. */
  walkDead<T>(lane: string, work: (walk: LeftOverWalk) => Promise<T>): Promise<T> {
    return this.walk(deadQueueOf(lane), lane, work);
  }

  /** @throws NoSuchQueueError, BrokerAwayError. */
  walkParked<T>(consumer: string, work: (walk: LeftOverWalk) => Promise<T>): Promise<T> {
    return this.walk(parkedQueueOf(consumer), '', work);
  }

  /** A second walk through the same queue would find nothing: its messages are in the hands of the first. */
  private walk<T>(queue: string, lane: string, work: (walk: LeftOverWalk) => Promise<T>): Promise<T> {
    const before = this.walks.get(queue) ?? Promise.resolve();
    const walk = before.then(() =>
      walkQueue(this.rabbit.urls, queue, ({ messages, waiting, remove }) => {
        const originals = new Map(messages.map((message) => [leftOverOf(message, lane), message]));
        const original = (item: LeftOver) => originals.get(item)!;
        return work({
          items: [...originals.keys()],
          waiting,
          discard: (item) => remove(original(item)),
          replay: async (item, by, now) => {
            const outcome = await this.publishAgain(lane, item, original(item), by, now);
            if (outcome === 'confirmed') remove(original(item));
            return outcome;
          },
        });
      }),
    );
    // Neither what a walk found nor how it ended is kept: whoever asked for it is told.
    const ended = walk.then(
      () => undefined,
      () => undefined,
    );
    this.walks.set(queue, ended);
    void ended.then(() => {
      if (this.walks.get(queue) === ended) this.walks.delete(queue);
    });
    return walk;
  }

  /** To its own lane only: another listener of the same event has had it. */
  private async publishAgain(lane: string, item: LeftOver, message: ConsumeMessage, by: string, now: Date) {
    const [consumer = ''] = lane.split('.', 1);
    try {
      return await this.client.put(consumer, lane, item.content, replayOptions(item, message, by, now));
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) return 'unwritable';
      throw error;
    }
  }
}

/** What tells of the death, of the broker's own bookkeeping, and of one publish. */
const STRIPPED =
  /^(x-(first-|last-)?death.*|x-(delivery|acquired)-count|x-publish|x-reason|x-class|x-provider|x-queue|x-deferrals|cc|bcc)$/i;

function replayOptions(
  { event, headers }: LeftOver,
  { properties }: ConsumeMessage,
  by: string,
  now: Date,
): Options.Publish {
  const { contentType, contentEncoding, correlationId, messageId, type, appId, timestamp } =
    properties as Options.Publish;
  const replays = headers['x-replay-count'];
  return {
    contentType,
    contentEncoding,
    correlationId,
    messageId,
    type: type ?? event?.pattern,
    appId,
    timestamp,
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => !STRIPPED.test(name))),
      'x-attempt': 1,
      'x-replayed-at': now.toISOString(),
      'x-replayed-by': by,
      'x-replay-count': (typeof replays === 'number' ? replays : 0) + 1,
    },
  };
}

function leftOverOf(message: ConsumeMessage, lane: string): LeftOver {
  const reading = readEvent(message);
  const headers = (message.properties.headers ?? {}) as Record<string, unknown>;
  const event = 'unreadable' in reading ? undefined : reading;
  const published = headers['x-first-published'] ?? (message.properties.timestamp as unknown);
  return {
    messageId: idOf(message, event?.data),
    // Bare JSON is read by its routing key, which a dead copy has lost: the lane is called after it.
    event:
      event?.pattern === message.fields.routingKey ? { ...event, pattern: lane.slice(lane.indexOf('.') + 1) } : event,
    content: message.content,
    headers,
    firstPublishedAt: typeof published === 'number' ? published * 1000 : 0,
  };
}

function idOf({ properties }: ConsumeMessage, data: unknown): string {
  const { messageId } = properties as { messageId?: unknown };
  const own = (data as { messageId?: unknown } | undefined)?.messageId;
  return ([messageId, own].find((id) => typeof id === 'string' && id !== '') as string | undefined) ?? '';
}
