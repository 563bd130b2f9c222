-- Puts a session in the place of an old one: prefix, old digest, digest, record, last seen, over,
-- seconds.

local old, digest, record = ARGV[2], ARGV[3], ARGV[4]
local user = user_of(record)

local before = redis.call('GET', prefix .. 's:' .. old)
if not before or user_of(before) ~= user or credential_of(before) ~= credential_of(record) then
    return {'refused'}
end
local who, reason = principal(user, credential_of(record))
if not who then return {reason} end
local same = session_with(id_of(record), user)
if redis.call('EXISTS', prefix .. 's:' .. digest) == 1 or (same and same ~= old) then
    return {'duplicate'}
end
store(digest, record, ARGV[5], ARGV[6], ARGV[7])
finish(old, ARGV[5])
return {'ok', who}
