"""`coatcheck migrate`: a site moves to shared engines and back, and nobody is logged out."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.deployment import Deploy, Deployment, Person
from support.machines import ENGINES, WRONG, Engines
from support.parallel import status_of
from support.program import binary, clean_environment, write_settings
from support.secrets_registry import SecretsRegistry
from support.waiting import wait_until


def storage_file(folder: Path, settings: Mapping[str, object]) -> Path:
    """A settings file that names a storage."""
    file = folder / f"storage-{time.monotonic_ns()}.yaml"
    write_settings(file, {"socket.path": str(folder / "nobody")} | dict(settings))
    return file


def command(source: object, target: object) -> list[str]:
    """The command that moves everything from one storage to another."""
    return [str(binary()), "migrate", "--from", str(source), "--to", str(target)]


def migrate(source: object, target: object) -> subprocess.CompletedProcess[str]:
    """Moves everything; it may fail."""
    return subprocess.run(
        command(source, target),
        capture_output=True,
        text=True,
        timeout=120,
        env=clean_environment(),
    )


def moved(source: object, target: object) -> dict[str, int]:
    """Moves everything; returns how many rows of each table there are."""
    result = migrate(source, target)
    assert result.returncode == 0, result
    rows = [line.split(": ") for line in result.stdout.splitlines() if ": " in line]
    return {name: int(count) for name, count in rows}


def start_on(site: Deployment, settings: Mapping[str, object]) -> None:
    """Starts a stopped site on another storage."""
    for key in [key for key in site.settings if key.startswith(("storage.", "sessions."))]:
        del site.settings[key]
    site.settings |= dict(settings)
    site.rewrite_settings()
    site.start()


def is_as_it_was(site: Deployment, people: list[Person], ended: str) -> None:
    """Everybody is logged in, can log in and has their devices; what had ended has ended."""
    for person in people:
        me = person.client.get("/me")
        assert me.status == 200 and me.json()["username"] == person.name
        assert site.client().log_in(person.name, person.password).status == 200
        assert len(person.client.get("/sessions").json()) >= 2
    assert status_of(site, ended) == 401
    new = site.person()
    assert new.client.get("/me").status == 200


@pytest.mark.parametrize("engine", ENGINES)
def test_a_site_moves_there_and_back_and_nobody_is_logged_out(
    deploy: Deploy, servers: Engines, engine: str
) -> None:
    site = deploy({"storage.connections": 3}, login_burst=10_000)
    people = [site.person() for _ in range(3)]
    leaver = site.person()
    ended = leaver.client.ticket_cookie
    assert leaver.client.request("POST", "/logout").status == 204
    assert site.process.stop() == 0
    before = {"storage.path": str(site.database)}
    shared = servers.settings(engine)
    counts = moved(site.database, storage_file(site.folder, shared))
    assert counts["users"] == 4 and counts["sessions"] == 3
    start_on(site, shared)
    is_as_it_was(site, people, ended)
    assert site.process.stop() == 0
    back = site.folder / "back" / "coatcheck.db"
    back.parent.mkdir(mode=0o700)
    counts = moved(storage_file(site.folder, shared), back)
    assert counts["users"] == 5
    start_on(site, before | {"storage.path": str(back)})
    is_as_it_was(site, people, ended)


def test_a_move_that_was_killed_goes_on_and_nobody_opens_it_before(
    deploy: Deploy, servers: Engines
) -> None:
    site = deploy(login_burst=10_000, with_gateway=False)
    assert site.process.stop() == 0
    with sqlite3.connect(site.database) as database:
        database.executemany(
            "INSERT INTO users (id, username, password_hash, disabled, created_at, name_key)"
            " VALUES (?, ?, '!', 0, 1, ?)",
            ((n.to_bytes(16), f"u{n:06}", f"u{n:06}") for n in range(40_000)),
        )
    shared = servers.settings("postgresql")
    target = storage_file(site.folder, shared)
    running = subprocess.Popen(command(site.database, target), env=clean_environment())
    try:
        wait_until(lambda: rows(servers, shared, "users") > 1000, "rows to be moved", timeout=30)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert rows(servers, shared, "users") < 40_000
    with pytest.raises(AssertionError, match="a move to it is not finished"):
        start_on(site, shared)
    assert moved(site.database, target)["users"] == 40_000
    assert rows(servers, shared, "users") == 40_000
    start_on(site, shared)


def rows(servers: Engines, settings: Mapping[str, object], table: str) -> int:
    """How many rows a table in PostgreSQL has; none before it is there."""
    result = subprocess.run(
        ["psql", "-AtX", str(settings["storage.url"]), "-c", f"SELECT count(*) FROM {table}"],
        capture_output=True,
        text=True,
    )
    return int(result.stdout or 0) if result.returncode == 0 else 0


def test_a_target_with_accounts_is_left_alone(deploy: Deploy, servers: Engines) -> None:
    site = deploy(login_burst=10_000, with_gateway=False)
    assert site.process.stop() == 0
    shared = servers.settings("postgresql")
    target = storage_file(site.folder, shared)
    subprocess.run(
        [binary(), "user", "add", "somebody", "--config", target],
        input=b"a long password of somebody\n",
        check=True,
        env=clean_environment(),
        capture_output=True,
    )
    result = migrate(site.database, target)
    assert result.returncode > 0 and "there are accounts at the target" in result.stderr
    assert rows(servers, shared, "users") == 1


def test_nothing_is_moved_beside_a_running_server(deploy: Deploy, servers: Engines) -> None:
    site = deploy(with_gateway=False)
    shared = servers.settings("postgresql")
    result = migrate(site.settings_file, storage_file(site.folder, shared))
    assert result.returncode > 0 and "stop every server" in result.stderr
    assert rows(servers, shared, "users") == 0


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ada:{WRONG}@127.0.0.1/coatcheck",
        f"postgresql://127.0.0.1/coatcheck?user=ada&password={WRONG}",
        f"postgres://ada:{WRONG}@127.0.0.1:1",
    ],
)
def test_a_password_in_an_argument_is_refused_and_not_shown(
    deploy: Deploy, address: str
) -> None:
    """ASVS 13.3.1: what everybody on the machine can read holds no secret."""
    site = deploy(with_gateway=False)
    assert site.process.stop() == 0
    for pair in [(site.database, address), (address, site.database)]:
        result = migrate(*pair)
        assert result.returncode > 0 and "must not hold a password" in result.stderr, result
        assert WRONG not in result.stdout + result.stderr


def test_a_source_that_is_not_there_is_said_and_not_made(
    tmp_path: Path, servers: Engines
) -> None:
    shared = servers.settings("postgresql")
    result = migrate(tmp_path / "absent.db", storage_file(tmp_path, shared))
    assert result.returncode > 0 and "there is no database" in result.stderr
    assert not (tmp_path / "absent.db").exists()


def test_no_password_of_an_engine_is_in_what_a_move_says(
    deploy: Deploy, servers: Engines
) -> None:
    site = deploy(with_gateway=False)
    assert site.process.stop() == 0
    registry = SecretsRegistry()
    for secret in servers.secrets:
        registry.add(secret)
    wrong = str(servers.settings("postgresql")["storage.url"]).replace("/test_", "/absent_")
    result = migrate(site.database, storage_file(site.folder, {"storage.url": wrong}))
    assert result.returncode > 0 and "no such database" in result.stderr
    for secret in servers.secrets:
        assert secret not in result.stdout + result.stderr
