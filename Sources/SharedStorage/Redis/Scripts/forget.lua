-- Forgets what ended before a time, the oldest first: prefix, time, limit. Answers with how many.

local index = prefix .. 'z'
local digests = redis.call('ZRANGEBYSCORE', index, '-inf', '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])
for _, digest in ipairs(digests) do
    redis.call('DEL', prefix .. 'e:' .. digest)
    redis.call('ZREM', index, digest)
end
return #digests
