-- Adds a session: prefix, digest, record, last seen, over, seconds, limit, old digests.
--
-- Ends the sessions of the old digests, and then those of the user that were used least recently,
-- as many as there are beyond the limit.

local digest, record, seen, over, seconds = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local user = user_of(record)
local index = prefix .. 'i:' .. user

local who, reason = principal(user, credential_of(record))
if not who then return {reason} end
if redis.call('EXISTS', prefix .. 's:' .. digest) == 1 or session_with(id_of(record), user) then
    return {'duplicate'}
end
store(digest, record, seen, over, seconds)

local replaced = {}
for number = 8, #ARGV do
    local ended = ARGV[number] ~= digest and finish(ARGV[number], seen)
    if ended then table.insert(replaced, ended) end
end

local exceeded = {}
local surplus = redis.call('ZCARD', index) - tonumber(ARGV[7])
if surplus > 0 then
    local others = {}
    local entries = redis.call('ZRANGE', index, 0, -1, 'WITHSCORES')
    for number = 1, #entries, 2 do
        local other = entries[number]
        local its = redis.call('GET', prefix .. 's:' .. other)
        if not its then
            redis.call('ZREM', index, other)
            surplus = surplus - 1
        elseif other ~= digest then
            table.insert(others, {other, tonumber(entries[number + 1]), creation_of(its)})
        end
    end
    table.sort(others, function(a, b)
        if a[2] ~= b[2] then return a[2] < b[2] end
        if a[3] ~= b[3] then return a[3] < b[3] end
        return a[1] < b[1]
    end)
    for number = 1, math.min(surplus, #others) do
        table.insert(exceeded, finish(others[number][1], seen))
    end
end
return {'ok', who, replaced, exceeded}
