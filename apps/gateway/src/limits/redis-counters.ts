import { RedisScript, type Redis } from '@app/common';
import type { Claim, Counters, Taken } from './counters.js';
import { slotMs, slotOf, SLOTS, type Window } from './rolling-count.js';

/**
 * For any number of gateways on one Redis or Redis Cluster. A window's counter is a hash of counts by slot,
 * `otpost:{subject}:<policy>`; all windows of a subject have its tag, and end by themselves.
 */
export class RedisCounters implements Counters {
  constructor(private readonly redis: Redis) {}

  async take(claim: Claim, now: Date): Promise<Taken> {
    const args = claim.windows.flatMap((window) => [window.quota, slotMs(window)]);
    const [taken, ...counts] = await TAKE.run(this.redis, keysOf(claim), [now.getTime(), ...args]);
    return {
      taken: taken === 1,
      counts: claim.windows.map((_, n) => ({ used: counts[2 * n]!, resetsAt: counts[2 * n + 1]! })),
    };
  }

  async release(claim: Claim, at: readonly number[]): Promise<void> {
    const slots = claim.windows.map((window) => at.map((moment) => slotOf(moment, window)).join(' '));
    await RELEASE.run(this.redis, keysOf(claim), slots);
  }
}

const keysOf = ({ subject, windows }: Claim) => windows.map((window) => keyOf(subject, window));
const keyOf = (subject: string, { policy }: Window) => `otpost:{${subject}}:${policy}`;

/** `rolling-count.ts` in Lua. KEYS counters. ARGV now, then quota and slotMs of each. {taken, used, resetsAt, …} */
const TAKE = new RedisScript<readonly number[]>(`
local now = tonumber(ARGV[1])
local all, taken = {}, true
for n, key in ipairs(KEYS) do
  local w = { quota = tonumber(ARGV[2 * n]), slot_ms = tonumber(ARGV[2 * n + 1]), used = 0, slots = {}, counts = {} }
  w.slot = math.floor(now / w.slot_ms)
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local slot = tonumber(fields[i])
    if slot >= w.slot - ${SLOTS} then
      w.used = w.used + tonumber(fields[i + 1])
      w.counts[slot] = tonumber(fields[i + 1])
      table.insert(w.slots, slot)
    else
      redis.call('HDEL', key, fields[i])
    end
  end
  if w.used >= w.quota then taken = false end
  all[n] = w
end
local reply = { taken and 1 or 0 }
for n, w in ipairs(all) do
  if taken then
    redis.call('HINCRBY', KEYS[n], string.format('%.0f', w.slot), 1)
    redis.call('PEXPIRE', KEYS[n], (${SLOTS} + 2) * w.slot_ms)
    if not w.counts[w.slot] then table.insert(w.slots, w.slot) end
    w.counts[w.slot] = (w.counts[w.slot] or 0) + 1
    w.used = w.used + 1
  end
  table.sort(w.slots)
  local left, resets_at = w.used, 0
  for _, slot in ipairs(w.slots) do
    left = left - w.counts[slot]
    if left < w.quota then
      resets_at = (slot + 1 + ${SLOTS}) * w.slot_ms
      break
    end
  end
  table.insert(reply, w.used)
  table.insert(reply, resets_at)
end
return reply
`);

/** KEYS counters. ARGV, one for each, the slots to take one from, separated by spaces. */
const RELEASE = new RedisScript<null>(`
for n, key in ipairs(KEYS) do
  for slot in string.gmatch(ARGV[n], '%d+') do
    if redis.call('HEXISTS', key, slot) == 1 and redis.call('HINCRBY', key, slot, -1) <= 0 then
      redis.call('HDEL', key, slot)
    end
  end
end
return false
`);
