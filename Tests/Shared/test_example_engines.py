"""The engines of the example of two machines: their files are accepted and mean what they say."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from support.certificates import Authority
from support.example import EXAMPLE
from support.example_postgresql import ExamplePostgreSQL
from support.example_redis import ExampleRedis, ExampleSentinel
from support.program import clean_environment
from support.waiting import wait_until

# Redis


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of the engines."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def redis(authority: Authority) -> Iterator[ExampleRedis]:
    """redis1, with redis2 following it."""
    with ExampleRedis(authority) as primary, ExampleRedis(authority, primary) as replica:
        primary.wait_for_replica()
        replica.do("PING")
        yield primary


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("maxmemory-policy", "noeviction"),
        ("min-replicas-to-write", "1"),
        ("port", "0"),
        ("tls-replication", "yes"),
    ],
)
def test_redis_has_what_its_file_says(redis: ExampleRedis, name: str, value: str) -> None:
    assert redis.do("CONFIG", "GET", name).split("\n") == [name, value]


def test_nobody_gets_into_redis_without_a_password(redis: ExampleRedis) -> None:
    assert redis.run("PING", user="default").returncode != 0
    result = subprocess.run(
        ["redis-cli", "-e", "--tls", "--insecure", "-p", str(redis.port), "PING"],
        capture_output=True, text=True, timeout=30, env=clean_environment(),
    )
    assert "NOAUTH" in result.stdout + result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("GET", "other:key"),
        ("GET", "coatcheckother"),
        ("EVAL", "return redis.call('SET', 'other:key', '1')", "0"),
        ("EVAL", "return redis.call('KEYS', '*')", "0"),
        ("KEYS", "*"),
        ("FLUSHDB",),
        ("CONFIG", "GET", "masterauth"),
        ("ACL", "LIST"),
        ("MONITOR",),
        ("SCAN", "0"),
        ("SUBSCRIBE", "other"),
        ("PUBLISH", "__redis__:invalidate", "x"),
        ("SHUTDOWN",),
        ("REPLICAOF", "NO", "ONE"),
    ],
    ids=" ".join,
)
def test_coatcheck_may_do_nothing_else_in_redis(
    redis: ExampleRedis, words: tuple[str, ...]
) -> None:
    """ASVS 13.2.2: not even where somebody else uses the same server."""
    result = redis.run(*words, user="coatcheck")
    said = result.stdout + result.stderr
    assert re.search("NOPERM|can't run this command|No permissions|can't access", said), said


def test_a_redis_that_nobody_follows_takes_no_writes(authority: Authority) -> None:
    with ExampleRedis(authority) as alone:
        result = alone.run("SET", "coatcheck:p", "1", user="coatcheck")
        assert "NOREPLICAS" in result.stdout + result.stderr


def test_a_sentinel_puts_the_replica_in_the_place_of_the_primary() -> None:
    """With the users of the example: what they may do is enough for a failover."""
    with ExitStack() as stack:
        primary = stack.enter_context(ExampleRedis())
        replica = stack.enter_context(ExampleRedis(primary=primary))
        primary.wait_for_replica()
        sentinel = stack.enter_context(ExampleSentinel(primary))
        assert sentinel.master() == primary.port
        wait_until(lambda: sentinel.knows(1), "the sentinel to know the replica", timeout=60)
        assert sentinel.run("SENTINEL", "failover", "coatcheck", user="coatcheck").returncode != 0
        primary.kill()
        wait_until(lambda: sentinel.master() == replica.port, "the failover", timeout=60)
        wait_until(
            lambda: "role:master" in replica.do("INFO", "replication"), "a new master", timeout=60
        )
        assert replica.do("ACL", "LOG") == "", "nothing was refused"


# PostgreSQL


@pytest.fixture(scope="module")
def postgresql(authority: Authority) -> Iterator[ExamplePostgreSQL]:
    """db1."""
    with ExamplePostgreSQL(authority) as server:
        yield server


def test_coatcheck_gets_into_postgresql_over_tls_alone(postgresql: ExamplePostgreSQL) -> None:
    """ASVS 12.3.2: the certificate must be one of the authority's."""
    tls = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert postgresql.ask(tls).stdout == "t\n"
    assert "no encryption" in postgresql.ask("SELECT 1", sslmode="disable").stderr
    roots = "/etc/ssl/certs/ca-certificates.crt"
    assert "certificate verify failed" in postgresql.ask("SELECT 1", sslrootcert=roots).stderr


def test_coatcheck_makes_its_tables_in_a_schema_of_its_own(postgresql: ExamplePostgreSQL) -> None:
    outcome = postgresql.ask(
        "CREATE TABLE own (a int); SELECT schemaname FROM pg_tables WHERE tablename = 'own';"
        "DROP TABLE own"
    )
    assert outcome.stdout == "coatcheck\n", outcome.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.other (a int)",
        "CREATE SCHEMA other",
        "CREATE ROLE other",
        "CREATE DATABASE other",
        "DROP DATABASE coatcheck",
        "ALTER ROLE coatcheck SUPERUSER",
        "SELECT pg_read_file('/etc/hostname')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "ALTER SYSTEM SET fsync = off",
    ],
)
def test_coatcheck_may_do_nothing_else_in_postgresql(
    postgresql: ExamplePostgreSQL, statement: str
) -> None:
    """ASVS 13.2.2: the role is no superuser."""
    said = postgresql.ask(statement).stderr
    assert "permission denied" in said or "must be" in said, said


def test_a_restored_dump_has_neither_sessions_nor_links(postgresql: ExamplePostgreSQL) -> None:
    """The commands of the README: nobody gets a session back that has ended since."""
    tables = ("users", "sessions", "password_links")
    for table in tables:
        assert postgresql.ask(f"CREATE TABLE {table} (a int)").returncode == 0
        assert postgresql.ask(f"INSERT INTO {table} VALUES (1)").returncode == 0
    text = (EXAMPLE / "README.md").read_text().replace("\\\n", "")
    (dump,) = re.findall(r"pg_dump (--format.*) coatcheck >", text)
    (restore,) = re.findall(r"pg_restore (.*) --dbname=postgres +<", text)
    dump_options = dump.replace("'", "").split()
    copy = postgresql.run("pg_dump", *dump_options, postgresql.superuser("coatcheck"))
    place = f"--dbname={postgresql.superuser('postgres')}"
    postgresql.run("pg_restore", *restore.split(), place, given=copy)
    counts = [postgresql.ask(f"SELECT count(*) FROM {table}").stdout for table in tables]
    assert counts == ["1\n", "0\n", "0\n"]
    denied = postgresql.ask("CREATE TABLE public.other (a int)").stderr
    assert "permission denied" in denied, "the rights are restored as well"
