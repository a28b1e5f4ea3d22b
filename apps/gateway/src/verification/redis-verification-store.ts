import type { Redis } from '@app/common';
import { statusAfter, type Outcome, type Send } from '../delivery/send.js';
import type { Guess } from './transitions.js';
import { tagIn, tagOf } from './verification-id.js';
import {
  CANCEL,
  CHECK,
  COOLDOWN_END,
  FIND,
  NOTE_OUTCOME,
  OPEN,
  RESEND,
  WITHDRAW,
  type Reply,
} from './verification-scripts.js';
import type { VerificationStore } from './verification-store.js';
import type { Verification } from './verification.js';

type Which = Pick<Verification, 'id' | 'numberHash'>;
type Answer<Method extends keyof VerificationStore> = Awaited<ReturnType<VerificationStore[Method]>>;

/** For any number of gateways on one Redis or Redis Cluster. `verification-scripts.ts` holds the rules. */
export class RedisVerificationStore implements VerificationStore {
  constructor(private readonly redis: Redis) {}

  async open(verification: Verification, cooldownMs: number, now: Date): Promise<Answer<'open'>> {
    const args = [now.getTime(), JSON.stringify(verification), cooldownMs];
    return answer(await OPEN.run(this.redis, keysOf(verification), args));
  }

  async find(id: string, now: Date): Promise<Verification | undefined> {
    const [, text] = await FIND.run(this.redis, [keyOf(id)], [now.getTime()]);
    return text === undefined ? undefined : (JSON.parse(String(text)) as Verification);
  }

  async cooldownEnd(numberHash: string, now: Date): Promise<number | undefined> {
    const endsAt = Number(await COOLDOWN_END.run(this.redis, [cooldownKeyOf(numberHash)], []));
    return now.getTime() < endsAt ? endsAt : undefined;
  }

  async check(id: string, guess: Guess, now: Date): Promise<Answer<'check'>> {
    return answer(await CHECK.run(this.redis, [keyOf(id)], [now.getTime(), guess.hash, guess.length]));
  }

  async resend(which: Which, send: Send, cooldownMs: number, now: Date): Promise<Answer<'resend'>> {
    return answer(await RESEND.run(this.redis, keysOf(which), [now.getTime(), JSON.stringify(send), cooldownMs]));
  }

  async cancel(id: string, now: Date): Promise<Answer<'cancel'>> {
    return answer(await CANCEL.run(this.redis, [keyOf(id)], [now.getTime()]));
  }

  async withdraw(which: Which, messageId: string, now: Date): Promise<void> {
    await WITHDRAW.run(this.redis, keysOf(which), [now.getTime(), messageId]);
  }

  async noteOutcome(id: string, outcome: Outcome, now: Date): Promise<Answer<'noteOutcome'>> {
    const args = [now.getTime(), JSON.stringify(outcome), statusAfter(outcome)];
    return answer(await NOTE_OUTCOME.run(this.redis, [keyOf(id)], args));
  }
}

const keyOf = (id: string) => `otpost:{${tagIn(id)}}:verification:${id}`;
const cooldownKeyOf = (numberHash: string) => `otpost:{${tagOf(numberHash)}}:number:${numberHash}:cooldown`;
const keysOf = ({ id, numberHash }: Which) => [keyOf(id), cooldownKeyOf(numberHash)];

/** What a script replies is what the method promises: the suite that the memory store passes too holds them to it. */
function answer<A>([kind, detail]: Reply): A {
  if (kind === 'in_cooldown') return { kind, endsAt: Number(detail) } as A;
  return (detail === undefined ? { kind } : { kind, verification: JSON.parse(String(detail)) as Verification }) as A;
}
