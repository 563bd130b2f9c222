-- Ends the session of a user that has a public id: prefix, now, user, id.

local digest = session_with(ARGV[4], ARGV[3])
return digest and finish(digest, ARGV[2])
