-- Ends sessions of everybody, but for the one of a public id: prefix, now, id or nothing, limit.
--
-- Answers with how many it looked at, and what ended.

local digests = redis.call('ZRANGE', prefix .. 'x', 0, tonumber(ARGV[4]) - 1)
local ended = {}
for _, digest in ipairs(digests) do
    local id = redis.call('GETRANGE', prefix .. 's:' .. digest, 1, 16)
    if id == '' then
        redis.call('ZREM', prefix .. 'x', digest)
    elseif id ~= ARGV[3] then
        table.insert(ended, finish(digest, ARGV[2]))
    end
end
return {#digests, ended}
