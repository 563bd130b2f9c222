-- Looks a session up together with its user: prefix, digest. Writes nothing.

local record = redis.call('GET', prefix .. 's:' .. ARGV[2])
if not record then return {'refused'} end
local user = user_of(record)
local who, reason = principal(user, credential_of(record))
if not who then return {reason, user} end
return {'ok', who, record, redis.call('ZSCORE', prefix .. 'i:' .. user, ARGV[2])}
