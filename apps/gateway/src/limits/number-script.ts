import { DAY_MS, HOUR_MS } from './number-history.js';
import { MOST_REMEMBERED } from './limits.config.js';

/**
 * `number-history.ts` in Lua, for scripts that decide a number's limits in the step that saves a verification. A number's
 * history is JSON under `otpost:{tag}:number:<hash>`, with the tag of its verifications; it goes 24 hours after its last
 * change. Its key comes from the verification where only that knows the number: the same tag, so the same node.
 */
export const NUMBER_PRELUDE = `
local now = tonumber(ARGV[1])
local HOUR_MS, DAY_MS, MOST = ${HOUR_MS}, ${DAY_MS}, ${MOST_REMEMBERED}

local function number_key(number_hash) return string.sub(KEYS[1], 1, 12) .. 'number:' .. number_hash end

local function kept(list, test)
  local left = {}
  for _, item in ipairs(list) do if test(item) then table.insert(left, item) end end
  return left
end

local function load_history(key)
  local text = redis.call('GET', key)
  local h = text and cjson.decode(text) or { texts = {}, failedChecks = {}, approvedAt = 0, pending = {} }
  local function is_recent(at) return at > now - DAY_MS end
  h.texts = kept(h.texts, is_recent)
  h.failedChecks = kept(h.failedChecks, is_recent)
  if not is_recent(h.approvedAt) then h.approvedAt = 0 end
  h.pending = kept(h.pending, function(other) return other.expiresAt > now end)
  return h
end

local function save_history(key, h)
  local text = cjson.encode(h)
  redis.call('SET', key, text, 'PX', DAY_MS)
  return text
end

local function remember(list, at)
  table.insert(list, at)
  if #list > MOST then table.remove(list, 1) end
end

-- As often as the more frequent of both lists has it.
local function union(list, more)
  local all, left = kept(list, function() return true end), kept(list, function() return true end)
  for _, at in ipairs(more) do
    local known = nil
    for n, other in ipairs(left) do if other == at then known = n end end
    if known then table.remove(left, known) else table.insert(all, at) end
  end
  table.sort(all)
  while #all > MOST do table.remove(all, 1) end
  return all
end

local function adopt(h, other)
  h.texts = union(h.texts, other.texts)
  h.failedChecks = union(h.failedChecks, other.failedChecks)
  h.approvedAt = math.max(h.approvedAt, other.approvedAt)
end

local function note_end(h, id, approved_at)
  h.pending = kept(h.pending, function(other) return other.id ~= id end)
  h.approvedAt = approved_at or h.approvedAt
end

local function note_pending(h, v)
  note_end(h, v.id)
  table.insert(h.pending, { id = v.id, service = v.service, expiresAt = v.expiresAt })
end

local function doubled(seconds, times, max)
  if times <= 0 then return seconds end
  return math.max(seconds, math.min(max, seconds * 2 ^ math.min(times, 20)))
end

local function quota_end(moments, quota, window)
  if quota == 0 or #moments < quota then return 0 end
  return moments[#moments - quota + 1] + window
end

local function cooldown_end(h, l)
  if #h.texts == 0 then return 0 end
  local level, last = 0, nil
  for _, at in ipairs(h.texts) do
    if at > h.approvedAt then
      local decayed = last and math.floor((at - last) / (l.cooldownDecaySeconds * 1000)) or 0
      level = math.max(0, level - decayed) + 1
      last = at
    end
  end
  return h.texts[#h.texts] + doubled(l.cooldownSeconds, level - l.cooldownFreeTexts, l.cooldownMaxSeconds) * 1000
end

local function next_text_at(h, l)
  return math.max(
    cooldown_end(h, l), quota_end(h.texts, l.numberPerHour, HOUR_MS), quota_end(h.texts, l.numberPerDay, DAY_MS))
end

local function has_place(h, service, l)
  local pending = kept(h.pending, function(other) return other.service == service end)
  return l.numberPending == 0 or #pending < l.numberPending
end

local function next_check_at(h, v, l)
  local quota = l.checksPerDay + (v.trusted and l.checksTrusted or 0)
  local ends_at = quota_end(h.failedChecks, quota, DAY_MS)
  if l.checkWaitSeconds == 0 or v.trusted or v.checksUsed == 0 then return ends_at end
  local consecutive = kept(h.failedChecks, function(at) return at > h.approvedAt end)
  local over = #consecutive - l.checkWaitAfter
  if over <= 0 then return ends_at end
  return math.max(ends_at, consecutive[#consecutive]
    + doubled(l.checkWaitSeconds, math.min(over, v.checksUsed) - 1, HOUR_MS / 1000) * 1000)
end
`;
