"""What Redis must be for the program to start with it, and what is said where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.certificates import Authority
from support.gateway import free_port
from support.machines import WRONG, Engines, Refusal
from support.names import new_name
from support.redis_server import Redis
from support.waiting import wait_until


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
    assert "password" in said or "WRONGPASS" in said, said


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
    url = servers.redis.url()
    settings = {"storage.url": database, "sessions.url": url, "sessions.prefix": prefix}
    assert "sessions.prefix" in refusal(settings)


def test_a_redis_user_who_may_not_track_is_refused(
    refusal: Refusal, servers: Engines, database: str
) -> None:
    name = new_name("user")
    servers.redis.add_user(name, "~*", "&*", "+@all", "-client|tracking")
    said = refusal({"storage.url": database, "sessions.url": servers.redis.url(user=name)})
    assert "tracking" in said.lower() or "NOPERM" in said, said


def test_a_redis_that_cannot_track_is_refused(refusal: Refusal, database: str) -> None:
    """As one that is too old."""
    with Redis(settings={"rename-command": 'CLIENT ""'}) as old:
        said = refusal({"storage.url": database, "sessions.url": old.url()})
        assert old.password not in said
    assert "Redis" in said, said


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
