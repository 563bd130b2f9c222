"""What an engine must be for the program to start with it, and what is said where it is not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.certificates import Authority
from support.deployment import Deploy, Deployment
from support.gateway import free_port
from support.machines import Engines
from support.names import new_name
from support.parallel import at_once
from support.postgresql_server import PostgreSQL
from support.program import clean_environment, serve_command, write_settings
from support.redis_server import Redis, Sentinel, sentinel_url
from support.waiting import wait_until

WRONG = "wrong-password-0123456789"

# What a program says that should not start with some settings.
Refusal = Callable[[dict[str, object]], str]


@pytest.fixture
def refusal(tmp_path: Path, servers: Engines) -> Refusal:
    """Starts a program that must refuse, end by itself and show no password."""

    def start(settings: dict[str, object]) -> str:
        file = tmp_path / "settings.yaml"
        write_settings(file, {"socket.path": str(tmp_path / "socket")} | settings)
        result = subprocess.run(
            serve_command(file),
            **{"capture_output": True, "text": True, "timeout": 30},
            env=clean_environment(),
        )
        said = result.stdout + result.stderr
        assert result.returncode > 0, f"status {result.returncode}: {said}"
        assert "Fatal error" not in said and "Backtrace" not in said, said
        for secret in (*servers.secrets, WRONG):
            assert secret not in said, "a password is shown"
        assert not (tmp_path / "socket").exists()
        return said

    return start


@pytest.fixture
def database(servers: Engines) -> str:
    """The address of an empty database."""
    return servers.postgresql.url(servers.postgresql.new_database())


def assert_works(site: Deployment) -> None:
    """Somebody can sign up, be known and log out."""
    client = site.person().client
    assert client.get("/me").status == 200
    assert client.request("POST", "/logout").status == 204
    assert client.get("/me").status == 401


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Engines that speak TLS."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with PostgreSQL(tls=authority) as postgresql, Redis(tls=authority) as redis:
        yield Engines(postgresql, redis)


# MARK: PostgreSQL


def test_a_postgresql_that_is_not_there_is_named(refusal: Refusal, servers: Engines) -> None:
    url = servers.postgresql.url("anything", port=free_port())
    assert "storage.url" in refusal({"storage.url": url})


def test_a_wrong_password_of_postgresql_is_said(refusal: Refusal, servers: Engines) -> None:
    url = servers.postgresql.url(servers.postgresql.new_database(), password=WRONG)
    said = refusal({"storage.url": url})
    assert "storage.url" in said and "password" in said


def test_a_database_that_is_not_there_is_named(refusal: Refusal, servers: Engines) -> None:
    said = refusal({"storage.url": servers.postgresql.url("nobody_made_this")})
    assert "nobody_made_this" in said


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://coatcheck:{WRONG}@[::1",
        f"postgresql://coatcheck:{WRONG}@127.0.0.1:port/x",
        f"postgresql://coatcheck:{WRONG}@127.0.0.1/x?no-such-parameter=1",
        f"mysql://coatcheck:{WRONG}@127.0.0.1/x",
        WRONG,
    ],
)
def test_an_address_that_is_none_is_refused(refusal: Refusal, url: str) -> None:
    assert "storage.url" in refusal({"storage.url": url})


def test_a_standby_that_takes_no_writes_is_refused(refusal: Refusal) -> None:
    with PostgreSQL() as primary, primary.standby() as standby:
        said = refusal({"storage.url": standby.url(primary.new_database())})
    assert "read-only" in said, said


def test_a_user_without_rights_is_refused(refusal: Refusal, servers: Engines) -> None:
    """PostgreSQL 15 lets nobody but the owner make tables in a database."""
    server, name = servers.postgresql, new_name("guest").replace("-", "_")
    server.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{server.password}'")
    said = refusal({"storage.url": server.url(server.new_database(), user=name)})
    assert "permission denied" in said, said


def test_a_schema_that_is_newer_than_the_program_is_refused(
    refusal: Refusal, servers: Engines, deploy: Deploy
) -> None:
    name = servers.postgresql.new_database()
    settings: dict[str, object] = {"storage.url": servers.postgresql.url(name)}
    deploy(settings)
    servers.postgresql.sql("UPDATE coatcheck_schema SET version = version + 1", name)
    before = servers.postgresql.sql("SELECT * FROM coatcheck_schema", name)
    assert "newer" in refusal(settings)
    assert servers.postgresql.sql("SELECT * FROM coatcheck_schema", name) == before


def test_a_certificate_of_nobody_known_is_refused(
    refusal: Refusal, encrypted: Engines, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    url = encrypted.postgresql.url(
        encrypted.postgresql.new_database(), sslrootcert=str(stranger.certificate)
    )
    assert "certificate" in refusal({"storage.url": url})


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


# MARK: Redis


def test_sessions_in_redis_need_accounts_in_postgresql(
    refusal: Refusal, servers: Engines, tmp_path: Path
) -> None:
    said = refusal(
        {"storage.path": str(tmp_path / "c.db"), "sessions.url": servers.redis.url()}
    )
    assert "sessions.url" in said and "storage.url" in said
    assert not (tmp_path / "c.db").exists()


def test_a_redis_that_is_not_there_is_named(
    refusal: Refusal, servers: Engines, database: str
) -> None:
    url = servers.redis.url(port=free_port())
    assert "sessions.url" in refusal({"storage.url": database, "sessions.url": url})


@pytest.mark.parametrize("user", ["", "default", "nobody"])
def test_a_wrong_password_of_redis_is_said(
    refusal: Refusal, servers: Engines, database: str, user: str
) -> None:
    url = servers.redis.url(user=user, password=WRONG)
    said = refusal({"storage.url": database, "sessions.url": url})
    assert "sessions.url" in said and "password" in said


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{WRONG}@127.0.0.1:port/0",
        f"redis://:{WRONG}@127.0.0.1:99999/0",
        f"redis://:{WRONG}@127.0.0.1/nought",
        f"redis://:{WRONG}@/0",
        f"http://:{WRONG}@127.0.0.1/0",
    ],
)
def test_an_address_of_redis_that_is_none_is_refused(
    refusal: Refusal, database: str, url: str
) -> None:
    assert "sessions.url" in refusal({"storage.url": database, "sessions.url": url})


@pytest.mark.parametrize("prefix", ["", "a b", "a:b", "*", "x" * 65, "a\nb"])
def test_a_prefix_that_could_meet_other_keys_is_refused(
    refusal: Refusal, servers: Engines, database: str, prefix: str
) -> None:
    settings = {"storage.url": database, "sessions.url": servers.redis.url()}
    assert "sessions.prefix" in refusal(settings | {"sessions.prefix": prefix})


def test_a_redis_user_who_may_not_track_is_refused(
    refusal: Refusal, servers: Engines, database: str
) -> None:
    name = new_name("user")
    servers.redis.add_user(name, "~*", "&*", "+@all", "-client|tracking")
    said = refusal({"storage.url": database, "sessions.url": servers.redis.url(user=name)})
    assert "tracking" in said.lower(), said


def test_a_redis_that_cannot_track_is_refused(refusal: Refusal, database: str) -> None:
    """As one that is too old."""
    with Redis(settings={"rename-command": 'CLIENT ""'}) as old:
        said = refusal({"storage.url": database, "sessions.url": old.url()})
        assert old.password not in said
    assert "tracking" in said.lower(), said


def test_a_replica_that_takes_no_writes_is_refused(refusal: Refusal, database: str) -> None:
    with Redis() as primary, primary.replica() as replica:
        wait_until(lambda: replica.is_following, "the replica")
        said = refusal({"storage.url": database, "sessions.url": replica.url()})
        assert primary.password not in said
    assert "replica" in said or "read-only" in said, said


def test_a_redis_with_a_certificate_of_nobody_known_is_refused(
    refusal: Refusal, encrypted: Engines, database: str, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    url = encrypted.redis.url(tls=True, sslrootcert=str(stranger.certificate))
    assert "certificate" in refusal({"storage.url": database, "sessions.url": url})


# MARK: what works


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
