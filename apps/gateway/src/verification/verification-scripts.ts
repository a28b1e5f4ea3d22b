import { RedisScript } from '@app/common';
import { DELIVERY_STATUSES } from '../delivery/send.js';
import { TIMELINE_LIMIT } from '../delivery/timeline.js';
import { NUMBER_PRELUDE } from '../limits/number-script.js';
import { OUTBOX_PRELUDE } from '../outbox/outbox-scripts.js';
import { KEPT_AFTER_END_MS } from './verification.js';

/**
 * The transitions of `transitions.ts`, each one atomic step in Redis. KEYS[1] is the verification (JSON), KEYS[2] and
 * KEYS[3] its tag's outbox; the number's history has the same tag. ARGV[1] is now. Every answer is {kind, the verification's
 * JSON or nothing, the history's JSON or nothing}.
 */
const PRELUDE = `${OUTBOX_PRELUDE}${NUMBER_PRELUDE}
local KEPT_MS = ${KEPT_AFTER_END_MS}
local RANK = {}
for rank, status in ipairs(cjson.decode('${JSON.stringify(DELIVERY_STATUSES)}')) do RANK[status] = rank end

local function kept_until(v) return (v.endedAt or v.expiresAt) + KEPT_MS end
local function is_pending(v) return v.status == 'pending' and now < v.expiresAt end
local function note(v, entry) table.insert(v.timeline, entry) end

local function load()
  local text = redis.call('GET', KEYS[1])
  if not text then return nil end
  local v = cjson.decode(text)
  if now >= kept_until(v) then return nil end
  return v, text
end

-- To another service than its own a verification is missing.
local function load_of(service)
  local v, text = load()
  if v and v.service == service then return v, text end
end

local function save(v)
  local text = cjson.encode(v)
  redis.call('SET', KEYS[1], text, 'PX', math.max(1, kept_until(v) - now))
  return text
end

local function finish(v, status)
  drop_texts(v.sends)
  v.status = status
  v.endedAt = now
  note(v, { at = now, event = 'verification.' .. status })
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
return { 'opened', false, save_history(key, h) }
`);

/** KEYS verification. ARGV now. */
export const FIND = script(`
local v, text = load()
if not v then return { 'missing' } end
return { 'found', text }
`);

/** KEYS history. ARGV now. */
export const HISTORY = script(`
return { 'history', false, cjson.encode(load_history(KEYS[1])) }
`);

/** KEYS verification, outbox. ARGV now, hash, length, service, limits. */
export const CHECK = script(`
local v, text = load_of(ARGV[4])
if not v then return { 'missing' } end
if not is_pending(v) then return { 'not_pending', text } end
if v.codeLength ~= tonumber(ARGV[3]) then return { 'malformed', text } end
local key = number_key(v.numberHash)
local h = load_history(key)
if now < next_check_at(h, v, cjson.decode(ARGV[5])) then return { 'limited', text, cjson.encode(h) } end
v.checksUsed = v.checksUsed + 1
local kind = 'incorrect'
for _, send in ipairs(v.sends) do
  if send.codeHash == ARGV[2] and now < send.expiresAt then kind = 'correct' end
end
note(v, { at = now, event = 'check.' .. kind })
if kind == 'correct' then
  finish(v, 'approved')
  note_end(h, v.id, now)
else
  remember(h.failedChecks, now)
  if v.checksUsed >= v.maxChecks then
    finish(v, 'max_attempts_reached')
    note_end(h, v.id)
  end
end
save_history(key, h)
return { kind, save(v) }
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
