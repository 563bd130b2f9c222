-- Ends all sessions of a user but for the one of a public id: prefix, now, user, id or nothing.

local ended = {}
for _, digest in ipairs(redis.call('ZRANGE', prefix .. 'i:' .. ARGV[3], 0, -1)) do
    if redis.call('GETRANGE', prefix .. 's:' .. digest, 1, 16) ~= ARGV[4] then
        local one = finish(digest, ARGV[2])
        if one then table.insert(ended, one) end
    end
end
return ended
