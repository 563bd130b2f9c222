"""What PostgreSQL must be for the program to start with it, and what is said where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.certificates import Authority
from support.deployment import Deploy
from support.gateway import free_port
from support.machines import WRONG, Engines, Refusal
from support.names import new_name
from support.postgresql_server import PostgreSQL


def test_a_postgresql_that_is_not_there_is_named(refusal: Refusal, servers: Engines) -> None:
    url = servers.postgresql.url("anything", port=free_port())
    assert "storage.url" in refusal({"storage.url": url})


def test_a_wrong_password_of_postgresql_is_said(refusal: Refusal, servers: Engines) -> None:
    url = servers.postgresql.url(servers.postgresql.new_database(), password=WRONG)
    said = refusal({"storage.url": url})
    assert "storage.url" in said
    assert "password" in said or "28P01" in said, said


def test_a_database_that_is_not_there_is_named(refusal: Refusal, servers: Engines) -> None:
    said = refusal({"storage.url": servers.postgresql.url("nobody_made_this")})
    assert "nobody_made_this" in said or "3D000" in said, said


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
    with PostgreSQL() as primary:
        name = primary.new_database()
        with primary.standby() as standby:
            said = refusal({"storage.url": standby.url(name)})
    assert "read-only" in said, said


def test_a_user_without_rights_is_refused(refusal: Refusal, servers: Engines) -> None:
    """PostgreSQL 15 lets nobody but the owner make tables in a database."""
    server, name = servers.postgresql, new_name("guest").replace("-", "_")
    server.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{server.password}'")
    said = refusal({"storage.url": server.url(server.new_database(), user=name)})
    assert "permission denied" in said or "42501" in said, said


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
