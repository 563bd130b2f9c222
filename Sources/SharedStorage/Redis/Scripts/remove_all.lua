-- Ends sessions of everybody, but for the one of a public id: prefix, now, id or nothing, how many
-- of the first to pass over, limit.
--
-- Answers with how many to pass over next time, how many it looked at, and what ended.

local skipped = tonumber(ARGV[4])
local digests = redis.call('ZRANGE', prefix .. 'x', skipped, skipped + tonumber(ARGV[5]) - 1)
local ended = {}
for _, digest in ipairs(digests) do
    local id = redis.call('GETRANGE', prefix .. 's:' .. digest, 1, 16)
    if id == '' then
        redis.call('ZREM', prefix .. 'x', digest)
    elseif id == ARGV[3] then
        skipped = skipped + 1
    else
        table.insert(ended, finish(digest, ARGV[2]))
    end
end
return {skipped, #digests, ended}
