"""Ways to reach the engines, and a start of several machines at once."""

from __future__ import annotations

from contextlib import ExitStack

from support.deployment import Deploy, Deployment
from support.machines import Engines
from support.names import new_name
from support.parallel import at_once
from support.redis_server import Redis, Sentinel, sentinel_url


def assert_works(site: Deployment) -> None:
    """Somebody can sign up, be known and log out."""
    client = site.person().client
    assert client.get("/me").status == 200
    assert client.request("POST", "/logout").status == 204
    assert client.get("/me").status == 401


def test_machines_that_start_at_once_on_an_empty_database_all_serve(
    database: str, servers: Engines
) -> None:
    """One makes the tables, and the others wait for it."""
    sites = [Deployment({"storage.url": database}) for _ in range(4)]
    with ExitStack() as stack:
        for site in at_once([site.__enter__ for site in sites]):
            stack.push(site)
        for site in sites:
            assert_works(site)


def test_engines_over_tls_work(deploy: Deploy, encrypted: Engines) -> None:
    database = encrypted.postgresql.new_database()
    url = encrypted.redis.url(tls=True)
    assert_works(deploy({"storage.url": encrypted.postgresql.url(database), "sessions.url": url}))
    used = "SELECT bool_and(ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
    used += f" WHERE a.datname = '{database}'"
    assert encrypted.postgresql.sql(used) == "t\n"


def test_engines_over_unix_sockets_work(deploy: Deploy, servers: Engines) -> None:
    database = servers.postgresql.new_database()
    settings: dict[str, object] = {
        "storage.url": servers.postgresql.url(database, unix=True),
        "sessions.url": servers.redis.url(unix=True),
        "sessions.prefix": new_name(),
    }
    assert_works(deploy(settings))


def test_a_redis_behind_sentinels_works(deploy: Deploy, database: str) -> None:
    with Redis() as primary, Sentinel(primary) as sentinel:
        url = sentinel_url([sentinel], primary)
        with Deployment({"storage.url": database, "sessions.url": url}) as site:
            assert_works(site)


def test_addresses_may_come_from_the_environment(deploy: Deploy, servers: Engines) -> None:
    """So that no password needs to stand in the settings file."""
    site = Deployment(
        {"storage.url": ""},
        environment={
            "COATCHECK_STORAGE_URL": servers.postgresql.url(servers.postgresql.new_database()),
            "COATCHECK_SESSIONS_URL": servers.redis.url(),
            "COATCHECK_SESSIONS_PREFIX": new_name(),
        },
    )
    with site:
        assert_works(site)
