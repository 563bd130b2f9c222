-- Lists sessions of everybody: prefix, digest of the last one or nothing, limit. Answers with
-- digests, last-seen times and records. Writes nothing.

local index = prefix .. 'x'
local start = 0
if ARGV[2] ~= '' then
    local rank = redis.call('ZRANK', index, ARGV[2])
    if not rank then return redis.error_reply('ERR the session is gone') end
    start = rank + 1
end
local sessions = {}
for _, digest in ipairs(redis.call('ZRANGE', index, start, start + tonumber(ARGV[3]) - 1)) do
    local record = redis.call('GET', prefix .. 's:' .. digest)
    if record then
        table.insert(sessions, digest)
        table.insert(sessions, redis.call('ZSCORE', prefix .. 'i:' .. user_of(record), digest))
        table.insert(sessions, record)
    end
end
return sessions
