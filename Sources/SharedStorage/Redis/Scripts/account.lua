-- Takes over what the accounts say of a user: prefix, now, user, revision, credential version,
-- whether disabled, seconds, name, groups, email address or nothing; and, where a session goes on
-- under another key: old digest, digest, record, last seen, over, seconds.
--
-- An older revision does not replace a newer one. Sessions that were begun with an earlier
-- credential version end, and all of them when the user is disabled. Answers with whether there was
-- memory for what is told of the user, and with what ended.

local now, user = ARGV[2], ARGV[3]
local key = prefix .. 'u:' .. user

local stored = redis.call('HMGET', key, 'v', 'c')
local credential = tonumber(stored[2] or 0)
local is_kept = 1
if not stored[1] or tonumber(stored[1]) < tonumber(ARGV[4]) then
    credential = tonumber(ARGV[5])
    local outcome = redis.pcall(
        'HSET', key, 'v', ARGV[4], 'c', ARGV[5], 'd', ARGV[6], 'n', ARGV[8], 'g', ARGV[9],
        'm', ARGV[10]
    )
    -- Without memory for it nothing is told of the user, and the accounts are asked again.
    if type(outcome) == 'table' and outcome.err then
        redis.call('DEL', key)
        is_kept = 0
    else
        if ARGV[10] == '' then redis.call('HDEL', key, 'm') end
        redis.call('EXPIRE', key, ARGV[7])
    end
end

local old = ARGV[11] and redis.call('GET', prefix .. 's:' .. ARGV[11])
local goes_on = old and user_of(old) == user and ARGV[6] == '0'
    and credential_of(ARGV[13]) == credential
    and redis.call('EXISTS', prefix .. 's:' .. ARGV[12]) == 0
-- The others end even where there is no memory for the new one.
if goes_on then pcall(store, ARGV[12], ARGV[13], ARGV[14], ARGV[15], ARGV[16]) end

local ended = {}
for _, digest in ipairs(redis.call('ZRANGE', prefix .. 'i:' .. user, 0, -1)) do
    local record = redis.call('GET', prefix .. 's:' .. digest)
    local is_over = record and (ARGV[6] == '1' or credential_of(record) < credential
        or digest == ARGV[11])
    if is_over then table.insert(ended, finish(digest, now)) end
end
return {is_kept, ended}
