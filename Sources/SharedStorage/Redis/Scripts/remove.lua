-- Ends the session of a key: prefix, now, digest.

return finish(ARGV[3], ARGV[2])
