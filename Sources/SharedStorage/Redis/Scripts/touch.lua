-- Notes when sessions were last used: prefix, then digest and time of each.
--
-- XX: an entry that is gone stays gone. GT: a time never goes back. The time at which a session is
-- over is not moved in `x`: sweep.lua does that when it comes to it.

for number = 2, #ARGV, 2 do
    local user = redis.call('GETRANGE', prefix .. 's:' .. ARGV[number], 17, 32)
    if user ~= '' then
        redis.call('ZADD', prefix .. 'i:' .. user, 'XX', 'GT', ARGV[number + 1], ARGV[number])
    end
end
return 0
