import { RedisScript, RedisUnavailableError, type Redis } from '@app/common';
import {
  LEDGER_TTL_SECONDS,
  type DeliveryLedger,
  type Lease,
  type LedgerAnswer,
  type Reservation,
} from '@app/sms-provider';

/**
 * One hash a message: `state`, `provider`, `n`, `leaseUntil` of a reservation, and `answer` (JSON) once there is one.
 * The same transitions as the memory ledger's.
 */
const RESERVE = new RedisScript<[string, string?, string?, string?]>(`
local key, provider, now, lease, ttl = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local e = redis.call('HMGET', key, 'state', 'provider', 'n', 'leaseUntil', 'answer', 'askAgain')
local state, n, repeats = e[1], 0, ''
if state == 'reserved' then
  if tonumber(e[4]) > now then return {'busy'} end
  provider, n, repeats = e[2], tonumber(e[3]), 'crash'
elseif state == 'unknown' and e[6] == '1' then
  provider, n, repeats = e[2], tonumber(e[3]), 'unknown'
elseif state == 'rejected' then
  n = tonumber(e[3]) + 1
elseif state then
  return {'settled', e[5]}
end
redis.call('HSET', key, 'state', 'reserved', 'provider', provider, 'n', n, 'leaseUntil', now + lease)
redis.call('HDEL', key, 'answer', 'askAgain')
redis.call('EXPIRE', key, ttl)
return {'granted', provider, tostring(n), repeats}
`);

const SETTLE = new RedisScript<number>(`
local key, state, provider, n, answer, askAgain, ttl = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local e = redis.call('HMGET', key, 'state', 'n')
if e[1] and (e[1] == 'accepted' or e[2] ~= n) then return 0 end
redis.call('HSET', key, 'state', state, 'provider', provider, 'n', n, 'answer', answer, 'askAgain', askAgain)
redis.call('HDEL', key, 'leaseUntil')
redis.call('EXPIRE', key, ttl)
return 1
`);

export class RedisDeliveryLedger implements DeliveryLedger {
  constructor(private readonly redis: Redis) {}

  async reserve(messageId: string, provider: string, { now, ms }: Lease): Promise<Reservation> {
    const [kind, first = '', n, repeats] = await RESERVE.run(
      this.redis,
      [keyOf(messageId)],
      [provider, now.getTime(), ms, LEDGER_TTL_SECONDS],
    );
    switch (kind) {
      case 'granted':
        return {
          kind,
          provider: first,
          n: Number(n),
          ...(repeats === 'unknown' || repeats === 'crash' ? { repeats } : {}),
        };
      case 'settled':
        return { kind, answer: JSON.parse(first) as LedgerAnswer };
      default:
        return { kind: 'busy' };
    }
  }

  async settle(messageId: string, answer: LedgerAnswer): Promise<void> {
    const { state, provider, n, askAgain } = answer;
    await SETTLE.run(
      this.redis,
      [keyOf(messageId)],
      [state, provider, n, JSON.stringify(answer), askAgain ? 1 : 0, LEDGER_TTL_SECONDS],
    );
  }

  async find(messageId: string): Promise<LedgerAnswer | 'reserved' | undefined> {
    try {
      const [state, answer] = await this.redis.hmget(keyOf(messageId), 'state', 'answer');
      if (!state) return undefined;
      return answer ? (JSON.parse(answer) as LedgerAnswer) : 'reserved';
    } catch (error) {
      throw new RedisUnavailableError(`Redis: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** No hash tag: each message is a step of its own. */
const keyOf = (messageId: string): string => `otpost:ledger:${messageId}`;
