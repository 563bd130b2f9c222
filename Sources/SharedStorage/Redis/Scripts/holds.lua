-- Says whether a user has a session with a public id: prefix, user, id. Writes nothing.

local digest = session_with(ARGV[3], ARGV[2])
if not digest then return {'refused'} end
local record = redis.call('GET', prefix .. 's:' .. digest)
local who, reason = principal(ARGV[2], credential_of(record))
if not who then return {reason, ARGV[2]} end
return {'ok'}
