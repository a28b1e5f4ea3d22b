import type { MessageHandler } from '@nestjs/microservices';
import { StartRefused } from '../config/environment.js';
import { declaredDelays } from './backoff.js';
import type { HandlerExtras } from './handles.js';
import type { RetryPolicies } from './retry-policies.js';
import type { Lane } from './topology.js';

/**
 * The lanes that the registered handlers ask for.
 * @throws StartRefused for a handler that could not work, with what to write instead.
 */
export function lanesOf(
  handlers: ReadonlyMap<string, MessageHandler>,
  handledTwice: readonly string[],
  policies: RetryPolicies,
): Lane[] {
  if (handledTwice.length > 0) {
    throw new StartRefused(
      `More than one handler for ${handledTwice.join(', ')}: an event has one handler in a process; let that one do both, or publish a second event.`,
    );
  }
  const lanes = new Map<string, { patterns: string[]; delays: Set<number> }>();
  for (const [pattern, handler] of handlers) {
    const { lane, policy } = (handler.extras ?? {}) as Partial<HandlerExtras>;
    if (lane === undefined || policy === undefined) {
      throw new StartRefused(
        `The handler of '${pattern}' is declared with @EventPattern or @MessagePattern: write @Handles(Contract, 'policy') instead.`,
      );
    }
    const { patterns, delays } = lanes.get(lane) ?? { patterns: [], delays: new Set<number>() };
    patterns.push(pattern);
    for (const delay of declaredDelays(policies.of(policy))) delays.add(delay);
    lanes.set(lane, { patterns, delays });
  }
  return [...lanes].map(([name, { patterns, delays }]) => ({
    name,
    patterns,
    delays: [...delays].sort((a, b) => a - b),
  }));
}
