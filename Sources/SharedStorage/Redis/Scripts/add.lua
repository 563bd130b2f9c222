-- Adds sessions that come from another storage: prefix, then digest, record, last seen, over and
-- seconds of each. One that is there already stays as it is.

for number = 2, #ARGV, 5 do
    if redis.call('EXISTS', prefix .. 's:' .. ARGV[number]) == 0 then
        store(unpack(ARGV, number, number + 4))
    end
end
return 0
