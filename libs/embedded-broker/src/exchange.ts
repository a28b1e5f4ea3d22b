import type { Table } from './field-table.js';
import { textOf } from './field-table.js';
import type { Queue } from './queue.js';
import { topicMatches } from './topic.js';

export const EXCHANGE_TYPES = ['direct', 'topic', 'fanout'] as const;
export type ExchangeType = (typeof EXCHANGE_TYPES)[number];

export interface ExchangeDeclaration {
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: Table;
}

interface Binding {
  readonly queue: Queue;
  readonly key: string;
}

/** Knows which queues are bound to it, and which of them a routing key reaches. */
export class Exchange {
  private bindings: Binding[] = [];

  constructor(readonly declaration: ExchangeDeclaration) {}

  get name(): string {
    return this.declaration.name;
  }
  get inUse(): boolean {
    return this.bindings.length > 0;
  }
  get alternate(): string | undefined {
    return textOf(this.declaration.arguments.get('alternate-exchange'));
  }

  bind(queue: Queue, key: string): void {
    if (!this.bindings.some((binding) => binding.queue === queue && binding.key === key))
      this.bindings.push({ queue, key });
  }

  /** Forgets this binding, or without a key all of the queue's; true if one was there. */
  unbind(queue: Queue, key?: string): boolean {
    const before = this.bindings.length;
    this.bindings = this.bindings.filter(
      (binding) => binding.queue !== queue || (key !== undefined && binding.key !== key),
    );
    return this.bindings.length < before;
  }

  /** Each queue once, however many of its bindings match. */
  route(routingKey: string): Set<Queue> {
    const queues = new Set<Queue>();
    for (const binding of this.bindings) if (this.matches(binding.key, routingKey)) queues.add(binding.queue);
    return queues;
  }

  private matches(key: string, routingKey: string): boolean {
    switch (this.declaration.type) {
      case 'fanout':
        return true;
      case 'direct':
        return key === routingKey;
      case 'topic':
        return topicMatches(key, routingKey);
    }
  }
}
