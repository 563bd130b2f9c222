-- Looks among some sessions for a public id: prefix, id, first place, last place. Answers with the
-- user, or nothing.

for _, digest in ipairs(redis.call('ZRANGE', prefix .. 'x', ARGV[3], ARGV[4])) do
    if redis.call('GETRANGE', prefix .. 's:' .. digest, 1, 16) == ARGV[2] then
        return redis.call('GETRANGE', prefix .. 's:' .. digest, 17, 32)
    end
end
return false
