-- Removes expired sessions among the next ones: prefix, now, digest of the last one or nothing,
-- limit, how many seconds last-seen times may lag. Answers with the last one, and what ended.
--
-- `x` is in the order of the times at which sessions are over if they are not used again, so those
-- that may be over stand in front. One that was used meanwhile gets its place behind the present
-- time, so the front is looked at until nothing there is due. The others need no look: a step over
-- them is two descents of the tree.

local index, now, limit = prefix .. 'x', tonumber(ARGV[2]), tonumber(ARGV[4])
local ended = {}

-- When a session is over that was last used at a time.
local function over(record, seen)
    local idle = idle_limit_of(record)
    local lag = math.min(tonumber(ARGV[5]), math.floor(idle / 10))
    return math.min(expiry_of(record), seen + idle + lag + 1)
end

local due = tonumber(redis.call('ZSCORE', index, ARGV[3]) or '-inf')
local start, left = 0, limit
if due and due > now then
    start = redis.call('ZRANK', index, ARGV[3]) + 1
else
    local digests = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, limit)
    left = limit - #digests
    for _, digest in ipairs(digests) do
        local record = redis.call('GET', prefix .. 's:' .. digest)
        if not record then
            redis.call('ZREM', index, digest)
        else
            local seen = redis.call('ZSCORE', prefix .. 'i:' .. user_of(record), digest)
            local time = over(record, tonumber(seen or authentication_of(record)))
            if time <= now then
                finish(digest, ARGV[2])
                table.insert(ended, digest)
            else
                redis.call('ZADD', index, string.format('%.0f', time), digest)
            end
        end
    end
    -- A key that no session has: it goes on in front.
    if left == 0 then return {string.rep('\0', 32), ended} end
end
local last = redis.call('ZRANGE', index, start + left - 1, start + left - 1)[1]
return {last or '', ended}
