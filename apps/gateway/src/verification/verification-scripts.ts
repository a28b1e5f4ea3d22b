import { RedisScript } from '@app/common';
import { DELIVERY_STATUSES } from '../delivery/send.js';
import { TIMELINE_LIMIT } from '../delivery/timeline.js';
import { NUMBER_PRELUDE } from '../limits/number-script.js';
import { OUTBOX_PRELUDE } from '../outbox/outbox-scripts.js';
import { KEPT_AFTER_END_MS, LONGEST_KEPT_MS } from './verification.js';

/**
 * The transitions of `transitions.ts`, each one atomic step in Redis. KEYS[1] is the verification (JSON), KEYS[2] and
 * KEYS[3] its tag's outbox; the number's history has the same tag. ARGV[1] is now. Every answer is {kind, the verification's
 * JSON or nothing, the history's JSON or nothing}.
 */
const PRELUDE = `${OUTBOX_PRELUDE}${NUMBER_PRELUDE}
local KEPT_MS, LONGEST_KEPT_MS = ${KEPT_AFTER_END_MS}, ${LONGEST_KEPT_MS}
local RANK = {}
for rank, status in ipairs(cjson.decode('${JSON.stringify(DELIVERY_STATUSES)}')) do RANK[status] = rank end

local function kept_until(v) return (v.endedAt or v.expiresAt) + KEPT_MS end
local function is_pending(v) return v.status == 'pending' and now < v.expiresAt end
local function note(v, entry) table.insert(v.timeline, entry) end

local function load(key)
  local text = redis.call('GET', key or KEYS[1])
  if not text then return nil end
  local v = cjson.decode(text)
  if now >= kept_until(v) then return nil end
  return v, text
end

-- To another service than its own a verification is missing.
local function load_of(service, key)
  local v, text = load(key)
  if v and v.service == service then return v, text end
end

local function save(v, key)
  local text = cjson.encode(v)
  redis.call('SET', key or KEYS[1], text, 'PX', math.max(1, kept_until(v) - now))
  return text
end

-- As verification-keys.ts names them. Each id goes when no verification of its age is kept, a few with each new one.
local function indexes_of(v)
  return { string.sub(KEYS[1], 1, 12) .. 'service:' .. v.service, number_key(v.numberHash) .. ':verifications' }
end

local function index(v)
  for _, key in ipairs(indexes_of(v)) do
    local old = redis.call('ZRANGEBYSCORE', key, '-inf', now - LONGEST_KEPT_MS, 'LIMIT', 0, 10)
    if #old > 0 then redis.call('ZREM', key, unpack(old)) end
    redis.call('ZADD', key, v.createdAt, v.id)
    redis.call('PEXPIRE', key, LONGEST_KEPT_MS)
  end
end

local function finish(v, status)
  drop_texts(v.sends)
  v.status = status
  v.endedAt = now
  note(v, { at = now, event = 'verification.' .. status })
end

-- hashes are those of a code by the ids of the keys.
local function is_comparable(v, hashes)
  for _, send in ipairs(v.sends) do
    if hashes[send.codeKeyId] and now < send.expiresAt then return true end
  end
  return false
end

-- Counts before it compares.
local function guess(v, hashes)
  v.checksUsed = v.checksUsed + 1
  local kind = 'incorrect'
  for _, send in ipairs(v.sends) do
    if send.codeHash == hashes[send.codeKeyId] and now < send.expiresAt then kind = 'correct' end
  end
  note(v, { at = now, event = 'check.' .. kind })
  return kind
end

local function approve(v, h)
  finish(v, 'approved')
  note_end(h, v.id, now)
end

local function end_if_used_up(v, h)
  if v.checksUsed < v.maxChecks then return end
  finish(v, 'max_attempts_reached')
  note_end(h, v.id)
end

local function forget_pending(v)
  local key = number_key(v.numberHash)
  local h = load_history(key)
  note_end(h, v.id)
  save_history(key, h)
end
`;

export type Reply = readonly [kind: string, verification?: string | null, history?: string];
const script = (lua: string) => new RedisScript<Reply>(PRELUDE + lua);

/** KEYS verification, outbox. ARGV now, verification, limits, event, dueAt, outbox bound. */
export const OPEN = script(`
local v, l = cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local key = number_key(v.numberHash)
local h = load_history(key)
if now < next_text_at(h, l) or not has_place(h, v.service, l) then return { 'limited', false, cjson.encode(h) } end
if outbox_is_full(tonumber(ARGV[6])) then return { 'outbox_full' } end
put_text(v.sends[1].messageId, ARGV[4], ARGV[5])
remember(h.texts, now)
note_pending(h, v)
save(v)
index(v)
return { 'opened', false, save_history(key, h) }
`);

/** KEYS verification. ARGV now. */
export const FIND = script(`
local v, text = load()
if not v then return { 'missing' } end
return { 'found', text }
`);

/** KEYS history, outbox. ARGV now, service or an empty text. {how many verifications, how many texts of the outbox} */
export const ERASE = new RedisScript<readonly [verifications: number, texts: number]>(`${PRELUDE}
local h = load_history(KEYS[1])
local index = KEYS[1] .. ':verifications'
local verifications, texts = 0, 0
for _, id in ipairs(redis.call('ZRANGE', index, 0, -1)) do
  local key = string.sub(KEYS[1], 1, 12) .. 'verification:' .. id
  local text = redis.call('GET', key)
  local v = text and cjson.decode(text)
  if v and now < kept_until(v) and (ARGV[2] == '' or v.service == ARGV[2]) then
    verifications = verifications + 1
    texts = texts + drop_texts(v.sends)
    for _, its in ipairs(indexes_of(v)) do redis.call('ZREM', its, id) end
    redis.call('DEL', key)
    note_end(h, id)
  end
end
local life = redis.call('PTTL', KEYS[1])
if life > 0 then redis.call('SET', KEYS[1], cjson.encode(h), 'PX', life) end
return { verifications, texts }
`);

/** KEYS history. ARGV now. */
export const HISTORY = script(`
return { 'history', false, cjson.encode(load_history(KEYS[1])) }
`);

/** KEYS history. ARGV now, what the number did under another name. */
export const ADOPT = script(`
local h, other = load_history(KEYS[1]), cjson.decode(ARGV[2])
adopt(h, other)
save_history(KEYS[1], h)
return { 'adopted' }
`);

/** KEYS verification, outbox. ARGV now, hashes, length, service, limits. */
export const CHECK = script(`
local v, text = load_of(ARGV[4])
if not v then return { 'missing' } end
if not is_pending(v) then return { 'not_pending', text } end
if v.codeLength ~= tonumber(ARGV[3]) then return { 'malformed', text } end
local hashes = cjson.decode(ARGV[2])
if not is_comparable(v, hashes) then return { 'key_missing', text } end
local key = number_key(v.numberHash)
local h = load_history(key)
if now < next_check_at(h, v, cjson.decode(ARGV[5])) then return { 'limited', text, cjson.encode(h) } end
local kind = guess(v, hashes)
if kind == 'correct' then
  approve(v, h)
else
  remember(h.failedChecks, now)
  end_if_used_up(v, h)
end
save_history(key, h)
return { kind, save(v) }
`);

/**
 * `check-by-number.ts`. KEYS history, outbox, then verifications, the one texted last at the end. ARGV now, service,
 * purpose, length, limits, then the hashes of the code for each verification.
 */
export const CHECK_BY_NUMBER = script(`
local limits = cjson.decode(ARGV[5])
local h = load_history(KEYS[1])
local latest, fitting, soonest, free = nil, nil, nil, {}
for n = 4, #KEYS do
  local v, text = load_of(ARGV[2], KEYS[n])
  if v and v.purpose == ARGV[3] and is_pending(v) then
    latest = text
    if v.codeLength == tonumber(ARGV[4]) then
      fitting = text
      local hashes = cjson.decode(ARGV[n + 2])
      if is_comparable(v, hashes) then
        local one = { v = v, key = KEYS[n], text = text, hashes = hashes, free_at = next_check_at(h, v, limits) }
        if now >= one.free_at then table.insert(free, one) end
        if not soonest or one.free_at <= soonest.free_at then soonest = one end
      end
    end
  end
end
if not latest then return { 'missing' } end
if not fitting then return { 'malformed', latest } end
if not soonest then return { 'key_missing', fitting } end
if #free == 0 then return { 'limited', soonest.text, cjson.encode(h) } end
local right
for _, one in ipairs(free) do
  if guess(one.v, one.hashes) == 'correct' then right = one end
end
if right then
  approve(right.v, h)
  save_history(KEYS[1], h)
  return { 'correct', save(right.v, right.key) }
end
remember(h.failedChecks, now)
local text
for _, one in ipairs(free) do
  end_if_used_up(one.v, h)
  text = save(one.v, one.key)
end
save_history(KEYS[1], h)
return { 'incorrect', text }
`);

/** KEYS verification, outbox. ARGV now, send, limits, event, dueAt, outbox bound. */
export const RESEND = script(`
local v, text = load()
if not v then return { 'missing' } end
if not is_pending(v) then return { 'not_pending', text } end
if #v.sends >= v.maxSends then return { 'no_sends_left', text } end
local key = number_key(v.numberHash)
local h = load_history(key)
if now < next_text_at(h, cjson.decode(ARGV[3])) then return { 'limited', false, cjson.encode(h) } end
if outbox_is_full(tonumber(ARGV[6])) then return { 'outbox_full' } end
local send = cjson.decode(ARGV[2])
put_text(send.messageId, ARGV[4], ARGV[5])
table.insert(v.sends, send)
v.expiresAt = math.max(v.expiresAt, send.expiresAt)
note(v, { at = send.queuedAt, event = 'send.queued', messageId = send.messageId })
remember(h.texts, now)
note_pending(h, v)
return { 'resent', save(v), save_history(key, h) }
`);

/** KEYS verification, outbox. ARGV now, service. */
export const CANCEL = script(`
local v, text = load_of(ARGV[2])
if not v then return { 'missing' } end
if not is_pending(v) then return { 'not_pending', text } end
finish(v, 'canceled')
forget_pending(v)
return { 'canceled', save(v) }
`);

/** KEYS verification, outbox. ARGV now, outcome, the delivery status that it means. */
export const NOTE_OUTCOME = script(`
local v, text = load()
if not v then return { 'missing' } end
local outcome, status = cjson.decode(ARGV[2]), ARGV[3]
local its_send
for _, send in ipairs(v.sends) do
  if send.messageId == outcome.messageId then its_send = send end
end
if not its_send then return { 'foreign', text } end
for _, entry in ipairs(v.timeline) do
  if entry.event == outcome.event and entry.messageId == outcome.messageId
    and entry.attempt == outcome.attempt and entry.provider == outcome.provider
    and entry.nextAttemptAt == outcome.nextAttemptAt then return { 'repeated', text } end
end
local more = RANK[status] - RANK[its_send.status]
local last = its_send.outcome or { attempt = 0 }
local later = outcome.attempt > last.attempt
  or (outcome.attempt == last.attempt and (outcome.nextAttemptAt or 0) > (last.nextAttemptAt or 0))
if more > 0 or (more == 0 and later) then
  its_send.status = status
  its_send.outcome = outcome
end
if #v.timeline < ${TIMELINE_LIMIT} then note(v, outcome) end
local hopeless = status == 'rejected' and is_pending(v)
for _, send in ipairs(v.sends) do
  if send.status ~= 'rejected' and send.status ~= 'expired' then hopeless = false end
end
if hopeless then
  finish(v, 'undeliverable')
  forget_pending(v)
end
return { 'noted', save(v) }
`);
