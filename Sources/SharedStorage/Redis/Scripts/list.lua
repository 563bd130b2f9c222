-- Lists the sessions of a user: prefix, user. Answers with digests, last-seen times and records.

local index = prefix .. 'i:' .. ARGV[2]
local sessions = {}
local entries = redis.call('ZRANGE', index, 0, -1, 'WITHSCORES')
for number = 1, #entries, 2 do
    local record = redis.call('GET', prefix .. 's:' .. entries[number])
    if record then
        table.insert(sessions, entries[number])
        table.insert(sessions, entries[number + 1])
        table.insert(sessions, record)
    end
end
return sessions
