"""Keys of other programs in the same Redis, and of another Coatcheck, are never touched."""

from __future__ import annotations

import json

from support.command_line import CommandLine, administrator
from support.deployment import Deploy
from support.machines import Engines
from support.names import new_name
from support.parallel import status_of
from support.redis_server import Redis

# Names that one who looks for keys by a pattern could take for ours.
FOREIGN = ["coatcheck", "coatcheckers:s:1", "coatcheck-x:i:1", "Coatcheck:x", "x", "s:1", "*", ""]
# What no program may do in a Redis that it shares.
BANNED = ("flushall", "flushdb", "keys", "scan", "swapdb", "shutdown", "config|set", "save")


def fill(redis: Redis) -> None:
    """Adds a key of each type for each foreign name, two of them in another database."""
    for name in FOREIGN:
        redis.do("SET", name, "value")
        redis.do("HSET", f"{name}.hash", "field", "value")
        redis.do("ZADD", f"{name}.zset", "1", "member")
        redis.do("SADD", f"{name}.set", "member")
        redis.do("RPUSH", f"{name}.list", "member")
    redis.do("SET", "lasting", "value", "EX", "100000")
    redis.do("SET", "elsewhere", "value", database=3)


def keys(redis: Redis) -> dict[str, str]:
    """Every key that is not ours, with its content and whether it expires."""
    script = """
        local found = {}
        for _, key in ipairs(redis.call('KEYS', '*')) do
            if string.sub(key, 1, #ARGV[1]) ~= ARGV[1] then
                local lasts = redis.call('TTL', key) > 0
                table.insert(found, {key, redis.sha1hex(redis.call('DUMP', key)), lasts})
            end
        end
        return cjson.encode(found)
    """
    content = {}
    for database in (0, 3):
        found = json.loads(redis.do("EVAL", script, "0", "coatcheck:", database=database))
        content |= {f"{database} {key}": f"{digest} {lasts}" for key, digest, lasts in found}
    return content


def commands(redis: Redis) -> set[str]:
    """The commands that the server was asked for since its start."""
    lines = redis.do("INFO", "commandstats").splitlines()
    return {line.partition(":")[0].removeprefix("cmdstat_") for line in lines if ":" in line}


def test_keys_of_other_programs_stay_as_they_are(deploy: Deploy, servers: Engines) -> None:
    database = servers.postgresql.url(servers.postgresql.new_database())
    with Redis() as redis:
        fill(redis)
        before = keys(redis)
        assert len(before) == 5 * len(FOREIGN) + 2
        redis.do("CONFIG", "RESETSTAT")
        site = deploy({"storage.url": database, "sessions.url": redis.url()})
        console, admin = CommandLine(site), administrator(site)
        people = [site.person() for _ in range(3)]
        assert people[0].client.request("POST", "/logout").status == 204
        assert people[1].client.request("DELETE", "/sessions").status == 204
        user = f"/users/{people[1].client.get('/me').json()['id']}"
        assert admin.client.request("PATCH", user, json={"disabled": True}).status == 200
        assert admin.client.request("DELETE", user).status == 204
        console.do("session", "end", "--all")
        assert status_of(site, people[2].client.ticket_cookie) == 401
        site.restart()
        used = commands(redis)
        assert keys(redis) == before
    assert "evalsha" in used, "nothing was asked of Redis"
    assert not {name for name in used if name.startswith(BANNED)}, used


def test_two_sites_in_one_redis_know_nothing_of_each_other(
    deploy: Deploy, servers: Engines
) -> None:
    """Each has a prefix of its own, and one of them ends all its sessions."""
    name = new_name()
    sites = [
        deploy(servers.settings("redis") | {"sessions.prefix": prefix})
        for prefix in (name, f"{name}x")
    ]
    people = [site.person() for site in sites]
    cookies = [person.client.ticket_cookie for person in people]
    assert [status_of(sites[1 - i], cookies[i]) for i in range(2)] == [401, 401]
    CommandLine(sites[0]).do("session", "end", "--all")
    assert status_of(sites[0], cookies[0]) == 401
    assert status_of(sites[1], cookies[1]) == 200
