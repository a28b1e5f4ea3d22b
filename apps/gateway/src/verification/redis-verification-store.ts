import type { Redis } from '@app/common';
import { statusAfter, type Outcome, type Send } from '../delivery/send.js';
import { outboxKeysOf } from '../outbox/outbox-scripts.js';
import type { OutboxEntry } from '../outbox/outbox.js';
import { entryText } from '../outbox/redis-outbox.js';
import type { Guess } from './transitions.js';
import { tagIn, tagOf } from './verification-id.js';
import { CANCEL, CHECK, COOLDOWN_END, FIND, NOTE_OUTCOME, OPEN, RESEND, type Reply } from './verification-scripts.js';
import type { VerificationStore } from './verification-store.js';
import type { Verification } from './verification.js';

type Answer<Method extends keyof VerificationStore> = Awaited<ReturnType<VerificationStore[Method]>>;

/** For any number of gateways on one Redis or Redis Cluster. `verification-scripts.ts` holds the rules. */
export class RedisVerificationStore implements VerificationStore {
  constructor(
    private readonly redis: Redis,
    private readonly outboxPerTag: number,
  ) {}

  async open(verification: Verification, text: OutboxEntry, cooldownMs: number, now: Date): Promise<Answer<'open'>> {
    const args = [now.getTime(), JSON.stringify(verification), cooldownMs, ...this.argsOf(text)];
    return answer(
      await OPEN.run(this.redis, [...keysOf(verification.id), cooldownKeyOf(verification.numberHash)], args),
    );
  }

  async find(id: string, now: Date): Promise<Verification | undefined> {
    const [, text] = await FIND.run(this.redis, [keyOf(id)], [now.getTime()]);
    return text === undefined ? undefined : (JSON.parse(String(text)) as Verification);
  }

  async cooldownEnd(numberHash: string, now: Date): Promise<number | undefined> {
    const endsAt = Number(await COOLDOWN_END.run(this.redis, [cooldownKeyOf(numberHash)], []));
    return now.getTime() < endsAt ? endsAt : undefined;
  }

  async check(id: string, { service, hash, length }: Guess, now: Date): Promise<Answer<'check'>> {
    return answer(await CHECK.run(this.redis, keysOf(id), [now.getTime(), hash, length, service]));
  }

  async resend(
    { id, numberHash }: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    text: OutboxEntry,
    cooldownMs: number,
    now: Date,
  ): Promise<Answer<'resend'>> {
    const args = [now.getTime(), JSON.stringify(send), cooldownMs, ...this.argsOf(text)];
    return answer(await RESEND.run(this.redis, [...keysOf(id), cooldownKeyOf(numberHash)], args));
  }

  async cancel(id: string, service: string, now: Date): Promise<Answer<'cancel'>> {
    return answer(await CANCEL.run(this.redis, keysOf(id), [now.getTime(), service]));
  }

  async noteOutcome(id: string, outcome: Outcome, now: Date): Promise<Answer<'noteOutcome'>> {
    const args = [now.getTime(), JSON.stringify(outcome), statusAfter(outcome)];
    return answer(await NOTE_OUTCOME.run(this.redis, keysOf(id), args));
  }

  private argsOf(text: OutboxEntry): [event: string, dueAt: number, bound: number] {
    return [entryText(text), text.dueAt, this.outboxPerTag];
  }
}

const keyOf = (id: string) => `otpost:{${tagIn(id)}}:verification:${id}`;
const cooldownKeyOf = (numberHash: string) => `otpost:{${tagOf(numberHash)}}:number:${numberHash}:cooldown`;
const keysOf = (id: string) => [keyOf(id), ...outboxKeysOf(tagIn(id))];

/** What a script replies is what the method promises: the suite that the memory store passes too holds them to it. */
function answer<A>([kind, detail]: Reply): A {
  if (kind === 'in_cooldown') return { kind, endsAt: Number(detail) } as A;
  return (detail === undefined ? { kind } : { kind, verification: JSON.parse(String(detail)) as Verification }) as A;
}
