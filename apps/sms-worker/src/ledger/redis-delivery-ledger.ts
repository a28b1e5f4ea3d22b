import { RedisScript, type Redis } from '@app/common';
import {
  BESIDE,
  LEDGER_TTL_SECONDS,
  MAX_STRIKES,
  type DeliveryLedger,
  type LedgerAnswer,
  type Reservation,
  type ReserveOptions,
  type SuspectBeside,
} from '@app/sms-provider';

/**
 * One hash a message: `state`, `provider`, `n`, `token`; of a reservation `repeats`, `leaseUntil`, `beside` and `strikes`;
 * `answer` (JSON) once there is one. The same transitions as the memory ledger's; the clock is Redis's, so that workers
 * need not agree on the time.
 */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const RESERVE = new RedisScript<[string, string?, string?, string?]>(`${CLOCK}
local key, provider, lease, beside, maxStrikes, ttl = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local token = ARGV[6]
local e = redis.call('HMGET', key, 'state', 'provider', 'n', 'leaseUntil', 'answer', 'askAgain', 'beside', 'strikes', 'token', 'repeats')
local state, n, repeats, strikes = e[1], 0, '', tonumber(e[8] or 0)
if state == 'reserved' and e[9] == token then
  redis.call('HSET', key, 'leaseUntil', now + lease)
  return {'granted', e[2], e[3], e[10]}
end
if state == 'reserved' then
  if tonumber(e[4]) > now then return {'busy', tostring(tonumber(e[4]) - now)} end
  local was = tonumber(e[7])
  local needed = math.min(was + 1, 2)
  if beside < needed then return {'suspect', tostring(needed)} end
  if was == 2 then strikes = strikes + 1 end
  if strikes >= maxStrikes then return {'poison'} end
  provider, n, repeats = e[2], tonumber(e[3]), 'crash'
elseif state == 'unknown' and e[6] == '1' then
  provider, n, repeats = e[2], tonumber(e[3]), 'unknown'
elseif state == 'rejected' then
  n = tonumber(e[3]) + 1
elseif state then
  return {'settled', e[5]}
end
redis.call('HSET', key, 'state', 'reserved', 'provider', provider, 'n', n, 'leaseUntil', now + lease, 'beside', beside,
  'strikes', strikes, 'token', token, 'repeats', repeats)
redis.call('HDEL', key, 'answer', 'askAgain')
redis.call('EXPIRE', key, ttl)
return {'granted', provider, tostring(n), repeats}
`);

const SETTLE = new RedisScript<number>(`
local key, state, provider, n, answer, askAgain, ttl = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local token, accepted = ARGV[7], state == 'accepted'
local e = redis.call('HMGET', key, 'state', 'token')
if e[1] == 'accepted' then return accepted and 1 or 0 end
if e[1] and e[2] ~= token and not accepted then return 0 end
redis.call('HSET', key, 'state', state, 'provider', provider, 'n', n, 'answer', answer, 'askAgain', askAgain,
  'token', token)
redis.call('HDEL', key, 'leaseUntil', 'beside', 'strikes', 'repeats')
redis.call('EXPIRE', key, ttl)
return 1
`);

const GIVE_UP = new RedisScript<[string?]>(`${CLOCK}
local key, errorCode, ttl = KEYS[1], ARGV[1], ARGV[2]
local e = redis.call('HMGET', key, 'state', 'provider', 'n', 'leaseUntil', 'answer', 'askAgain')
if e[1] == 'unknown' and e[6] == '0' then return {e[5]} end
if e[1] ~= 'reserved' or tonumber(e[4]) > now then return {} end
local answer = cjson.encode({ state = 'unknown', provider = e[2], n = tonumber(e[3]), errorCode = errorCode })
redis.call('HSET', key, 'state', 'unknown', 'answer', answer, 'askAgain', 0, 'token', '')
redis.call('HDEL', key, 'leaseUntil', 'beside', 'strikes', 'repeats')
redis.call('EXPIRE', key, ttl)
return {answer}
`);

const FIND = new RedisScript<[string?, string?]>(`${CLOCK}
local e = redis.call('HMGET', KEYS[1], 'state', 'answer', 'leaseUntil')
if not e[1] then return {} end
if e[1] ~= 'reserved' then return {'answered', e[2]} end
return {tonumber(e[3]) > now and 'reserved' or 'abandoned'}
`);

export class RedisDeliveryLedger implements DeliveryLedger {
  constructor(private readonly redis: Redis) {}

  async reserve(messageId: string, provider: string, options: ReserveOptions): Promise<Reservation> {
    const { leaseMs, beside, token } = options;
    const args = [provider, leaseMs, BESIDE.indexOf(beside), MAX_STRIKES, LEDGER_TTL_SECONDS, token];
    const [kind, first = '', n, repeats] = await RESERVE.run(this.redis, [keyOf(messageId)], args);
    switch (kind) {
      case 'granted':
        return {
          kind,
          provider: first,
          n: Number(n),
          token,
          ...(repeats === 'unknown' || repeats === 'crash' ? { repeats } : {}),
        };
      case 'settled':
        return { kind, answer: JSON.parse(first) as LedgerAnswer };
      case 'suspect':
        return { kind, beside: BESIDE[Number(first)] as SuspectBeside };
      case 'poison':
        return { kind };
      default:
        return { kind: 'busy', leftMs: Number(first) };
    }
  }

  async settle(messageId: string, answer: LedgerAnswer, token = ''): Promise<boolean> {
    const { state, provider, n, askAgain } = answer;
    const args = [state, provider, n, JSON.stringify(answer), askAgain ? 1 : 0, LEDGER_TTL_SECONDS, token];
    return (await SETTLE.run(this.redis, [keyOf(messageId)], args)) === 1;
  }

  async giveUp(messageId: string, errorCode: string): Promise<LedgerAnswer | undefined> {
    const [answer] = await GIVE_UP.run(this.redis, [keyOf(messageId)], [errorCode, LEDGER_TTL_SECONDS]);
    return answer === undefined ? undefined : (JSON.parse(answer) as LedgerAnswer);
  }

  async find(messageId: string): Promise<LedgerAnswer | 'reserved' | 'abandoned' | undefined> {
    const [state, answer] = await FIND.run(this.redis, [keyOf(messageId)], []);
    if (answer) return JSON.parse(answer) as LedgerAnswer;
    return state as 'reserved' | 'abandoned' | undefined;
  }
}

/** No hash tag: each message is a step of its own. */
const keyOf = (messageId: string): string => `otpost:ledger:${messageId}`;
