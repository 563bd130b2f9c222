"""Changes that cross on two machines, and an engine that has no room for one of them."""

from __future__ import annotations

import threading

from support.checks import assert_problem
from support.machines import Engines, Start
from support.parallel import log_in, status_of
from support.waiting import wait_until


def test_a_session_that_ends_while_its_password_changes_has_no_successor(
    machines: Start, servers: Engines
) -> None:
    site = machines("postgresql", n=1)[0]
    person = site.person()
    database = str(site.settings["storage.url"]).rsplit("/", 1)[1].split("?")[0]
    # An end on another machine that is not committed yet when the session is looked at.
    statements = "BEGIN; DELETE FROM sessions; SELECT pg_sleep(1); COMMIT"
    end = threading.Thread(target=servers.postgresql.sql, args=(statements, database))
    end.start()
    try:
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        wait_until(lambda: servers.postgresql.sql(sleeping, database).strip() == "1", "the end")
        change = {"current": person.password, "new": site.secrets.password()}
        answer = person.client.post_json("/password", change)
    finally:
        end.join()
    assert 400 <= answer.status < 500, str(answer)
    assert servers.postgresql.sql("SELECT count(*) FROM sessions", database).strip() == "0"
    assert log_in(site, person.name, person.password).status == 200


def test_a_redis_without_memory_says_neither_yes_nor_no_of_a_user_whom_it_has_forgotten(
    machines: Start, servers: Engines
) -> None:
    site = machines("redis", n=1)[0]
    person = site.person()
    cookie = person.client.ticket_cookie
    assert status_of(site, cookie) == 200
    forget = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end"
    try:
        servers.redis.do("EVAL", forget, "0", f"{site.settings['sessions.prefix']}:*:u:*")
        servers.redis.do("CONFIG", "SET", "maxmemory", "1")
        wait_until(lambda: status_of(site, cookie) != 200, "the cache to be told")
        assert status_of(site, cookie) == 503
        assert_problem(log_in(site, person.name, person.password), 503, "storage-unavailable")
    finally:
        servers.redis.do("CONFIG", "SET", "maxmemory", "0")
    assert status_of(site, cookie) == 200
