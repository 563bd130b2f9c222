-- What the scripts have in common; it stands before each of them. The keys and the record of a
-- session are described in RedisKeys.swift and RedisRecord.swift.
--
-- Redis runs a script as a whole, and undoes nothing. So each looks at everything first, and of
-- what it writes the new comes before the old goes: where there is no memory for the new, nothing
-- has happened. What ends something needs no memory.

local prefix = ARGV[1]

-- The parts of a session's record.
local function id_of(record) return string.sub(record, 2, 17) end
local function user_of(record) return string.sub(record, 18, 33) end
local function number_at(record, place) return (struct.unpack('>i8', record, place)) end
local function credential_of(record) return number_at(record, 34) end
local function creation_of(record) return number_at(record, 42) end
local function expiry_of(record) return number_at(record, 50) end
local function idle_limit_of(record) return number_at(record, 58) end
local function authentication_of(record) return number_at(record, 66) end

-- What is told of a user whose password has this number: name, groups, email address; or nothing,
-- and why: 'unknown' when it must be looked up in the accounts, 'refused' when nobody may come in.
local function principal(user, credential)
    local found = redis.call('HMGET', prefix .. 'u:' .. user, 'c', 'd', 'n', 'g', 'm')
    if not found[1] or tonumber(found[1]) < credential then return nil, 'unknown' end
    if found[2] == '1' or tonumber(found[1]) > credential then return nil, 'refused' end
    return {found[3], found[4], found[5]}
end

-- The key of a user's session that has a public id.
local function session_with(id, user)
    for _, digest in ipairs(redis.call('ZRANGE', prefix .. 'i:' .. user, 0, -1)) do
        if redis.call('GETRANGE', prefix .. 's:' .. digest, 1, 16) == id then return digest end
    end
end

-- Writes a new session.
local function store(digest, record, seen, over, seconds)
    local index = prefix .. 'i:' .. user_of(record)
    redis.call('SET', prefix .. 's:' .. digest, record, 'EX', seconds)
    redis.call('ZADD', index, seen, digest)
    redis.call('ZADD', prefix .. 'x', over, digest)
    if redis.call('TTL', index) < tonumber(seconds) then redis.call('EXPIRE', index, seconds) end
end

-- Ends a session; returns its key, its public id and its user, or nothing when there is none.
--
-- What it was is remembered for two days by the server's clock at most. Where there is no memory
-- for that it is not remembered, but ends all the same.
local function finish(digest, now)
    local record = redis.call('GET', prefix .. 's:' .. digest)
    if not record then return nil end
    local id, user = id_of(record), user_of(record)
    redis.call('DEL', prefix .. 's:' .. digest)
    redis.call('ZREM', prefix .. 'i:' .. user, digest)
    redis.call('ZREM', prefix .. 'x', digest)
    redis.pcall('SET', prefix .. 'e:' .. digest, id .. user .. now, 'EX', 172800)
    redis.pcall('ZADD', prefix .. 'z', now, digest)
    return digest .. id .. user
end

