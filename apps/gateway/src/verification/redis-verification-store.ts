import type { Redis } from '@app/common';
import { statusAfter, type Outcome, type Send } from '../delivery/send.js';
import type { LimitSettings } from '../limits/limits.config.js';
import type { NumberHistory, NumberLimits } from '../limits/number-history.js';
import { outboxKeysOf } from '../outbox/outbox-scripts.js';
import type { OutboxEntry } from '../outbox/outbox.js';
import { entryText } from '../outbox/redis-outbox.js';
import type { NumberGuess } from './check-by-number.js';
import type { Guess } from './transitions.js';
import { listInRedis } from './redis-verification-list.js';
import { tagOf } from './verification-id.js';
import { historyKeyOf, keyOf, keysOf } from './verification-keys.js';
import type { ListFilter, Listed, PageAsked } from './verification-list.js';
import {
  ADOPT,
  CANCEL,
  CHECK,
  CHECK_BY_NUMBER,
  ERASE,
  FIND,
  HISTORY,
  NOTE_OUTCOME,
  OPEN,
  RESEND,
  type Reply,
} from './verification-scripts.js';
import type { Erased, VerificationStore } from './verification-store.js';
import type { Verification } from './verification.js';

type Answer<Method extends keyof VerificationStore> = Awaited<ReturnType<VerificationStore[Method]>>;

/** For any number of gateways on one Redis or Redis Cluster. `verification-scripts.ts` holds the rules. */
export class RedisVerificationStore implements VerificationStore {
  constructor(
    private readonly redis: Redis,
    private readonly outboxPerTag: number,
  ) {}

  async open(verification: Verification, text: OutboxEntry, limits: NumberLimits, now: Date): Promise<Answer<'open'>> {
    const args = [now.getTime(), JSON.stringify(verification), JSON.stringify(limits), ...this.argsOf(text)];
    return answer(await OPEN.run(this.redis, keysOf(verification.id), args));
  }

  async find(id: string, now: Date): Promise<Verification | undefined> {
    const [, text] = await FIND.run(this.redis, [keyOf(id)], [now.getTime()]);
    return text === undefined ? undefined : (JSON.parse(String(text)) as Verification);
  }

  list(filter: ListFilter, page: PageAsked, now: Date): Promise<Listed> {
    return listInRedis(this.redis, filter, page, now);
  }

  async history(numberHash: string, now: Date): Promise<NumberHistory> {
    const [, , text] = await HISTORY.run(this.redis, [historyKeyOf(numberHash)], [now.getTime()]);
    return historyIn(text!);
  }

  async check(id: string, guess: Guess, limits: LimitSettings, now: Date): Promise<Answer<'check'>> {
    const args = [now.getTime(), JSON.stringify(guess.hashes), guess.length, guess.service, JSON.stringify(limits)];
    return answer(await CHECK.run(this.redis, keysOf(id), args));
  }

  async adopt(numberHash: string, history: NumberHistory, now: Date): Promise<void> {
    await ADOPT.run(this.redis, [historyKeyOf(numberHash)], [now.getTime(), JSON.stringify(history)]);
  }

  /** Codes are hashed with the id of their verification, so that the ids come first; one step then counts and compares. */
  async checkByNumber(
    numberHash: string,
    { service, purpose, length, hashesOf }: NumberGuess,
    limits: LimitSettings,
    now: Date,
  ): Promise<Answer<'checkByNumber'>> {
    const { pending } = await this.history(numberHash, now);
    const ids = pending.filter((one) => one.service === service).map(({ id }) => id);
    if (ids.length === 0) return { kind: 'missing' };
    const keys = [historyKeyOf(numberHash), ...outboxKeysOf(tagOf(numberHash)), ...ids.map(keyOf)];
    const hashes = ids.map((id) => JSON.stringify(hashesOf(id)));
    const args = [now.getTime(), service, purpose, length, JSON.stringify(limits), ...hashes];
    return answer(await CHECK_BY_NUMBER.run(this.redis, keys, args));
  }

  async resend(
    { id }: Pick<Verification, 'id' | 'numberHash'>,
    send: Send,
    text: OutboxEntry,
    limits: NumberLimits,
    now: Date,
  ): Promise<Answer<'resend'>> {
    const args = [now.getTime(), JSON.stringify(send), JSON.stringify(limits), ...this.argsOf(text)];
    return answer(await RESEND.run(this.redis, keysOf(id), args));
  }

  async cancel(id: string, service: string, now: Date): Promise<Answer<'cancel'>> {
    return answer(await CANCEL.run(this.redis, keysOf(id), [now.getTime(), service]));
  }

  async noteOutcome(id: string, outcome: Outcome, now: Date): Promise<Answer<'noteOutcome'>> {
    const args = [now.getTime(), JSON.stringify(outcome), statusAfter(outcome)];
    return answer(await NOTE_OUTCOME.run(this.redis, keysOf(id), args));
  }

  async erase(numberHash: string, service: string | undefined, now: Date): Promise<Erased> {
    const keys = [historyKeyOf(numberHash), ...outboxKeysOf(tagOf(numberHash))];
    const [verifications, texts] = await ERASE.run(this.redis, keys, [now.getTime(), service ?? '']);
    return { verifications, texts };
  }

  private argsOf(text: OutboxEntry): [event: string, dueAt: number, bound: number] {
    return [entryText(text), text.dueAt, this.outboxPerTag];
  }
}

/** What a script replies is what the method promises: the suite that the memory store passes too holds them to it. */
function answer<A>([kind, verification, history]: Reply): A {
  return {
    kind,
    ...(verification && { verification: JSON.parse(verification) as Verification }),
    ...(history && { history: historyIn(history) }),
  } as A;
}

/** Lua has one kind of table: its JSON of an empty list is {}. */
function historyIn(text: string): NumberHistory {
  const { texts, failedChecks, approvedAt, pending } = JSON.parse(text) as NumberHistory;
  return {
    texts: Object.values(texts),
    failedChecks: Object.values(failedChecks),
    approvedAt,
    pending: Object.values(pending),
  };
}
