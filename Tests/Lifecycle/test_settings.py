"""A mistake in the settings refuses to start and names the file, the key and what is allowed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from support.deployment import Deploy
from support.program import binary, clean_environment, nested, serve_command, write_settings
from support.waiting import wait_until

BAD_VALUES = {
    "socket.mode": "rw-rw----",
    "workers": 0,
    "cookie.name": "my cookie",
    "cookie.secure": "perhaps",
    "cookie.path": "relative",
    "session.absolute": "soon",
    "session.idle": "-5m",
    "session.remember-absolute": "10 parsecs",
    "session.per-account": 0,
    "password.minimum": "eight",
    "password.memory": 1,
    "password.passes": 0,
    "password.lanes": -1,
    "password.queue": -1,
    "next.hosts": "https://user@evil.example/",
    "log.level": "chatty",
    "stop.deadline": "never",
}


def serve(file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Starts the program, which must refuse and end by itself."""
    result = subprocess.run(
        serve_command(file),
        capture_output=True,
        text=True,
        timeout=20,
        env=clean_environment(**environment),
    )
    assert result.returncode > 0, f"status {result.returncode}: {result.stderr}"
    assert "Fatal error" not in result.stderr and "Backtrace" not in result.stderr
    return result


def base(folder: Path) -> dict[str, object]:
    """Settings with which the program would start."""
    return {"socket.path": str(folder / "fcgi.sock"), "storage.path": str(folder / "c.db")}


@pytest.mark.parametrize("key", BAD_VALUES)
def test_a_bad_value_is_refused_with_file_and_key(tmp_path: Path, key: str) -> None:
    file = tmp_path / "settings.yaml"
    write_settings(file, base(tmp_path) | {key: BAD_VALUES[key]})
    result = serve(file)
    assert str(file) in result.stderr, result.stderr
    assert key in result.stderr, result.stderr
    assert not (tmp_path / "c.db").exists(), "nothing is made before the settings are right"


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("log.level", "chatty", "info"),
        ("session.absolute", "soon", "10m"),
        ("workers", 0, "whole number from"),
        ("cookie.secure", "perhaps", "true"),
    ],
)
def test_the_message_says_what_is_allowed(
    tmp_path: Path, key: str, value: object, allowed: str
) -> None:
    file = tmp_path / "settings.yaml"
    write_settings(file, base(tmp_path) | {key: value})
    assert allowed in serve(file).stderr


@pytest.mark.parametrize("key", ["sesion.absolute", "session.absolut", "colour", "password"])
def test_an_unknown_key_is_refused_by_name(tmp_path: Path, key: str) -> None:
    file = tmp_path / "settings.yaml"
    write_settings(file, base(tmp_path) | {key: "1h"})
    result = serve(file)
    assert str(file) in result.stderr
    assert key in result.stderr, result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "socket: [unclosed",
        "- a\n- list\n",
        "just text",
        "workers: 4\nworkers: 8\n",
        "\tworkers: 4\n",
        "workers: !!binary AAAA\n",
        "workers: &a [*a]\n",
        "\x00\x01\x02",
        "workers:\n  deeper: 4\n",
    ],
    ids=repr,
)
def test_a_file_that_is_no_settings_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    assert str(file) in serve(file).stderr


def test_a_file_in_another_encoding_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_bytes(b"workers: 4 # caf\xe9\n")
    assert str(file) in serve(file).stderr


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, what: str) -> None:
    file = tmp_path / what
    if what == "folder":
        file.mkdir()
    assert str(file) in serve(file).stderr


def test_a_bad_environment_variable_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    write_settings(file, base(tmp_path))
    assert "COATCHECK_SESSION_IDLE" in serve(file, COATCHECK_SESSION_IDLE="soon").stderr


def test_an_unknown_environment_variable_is_refused_by_name(tmp_path: Path) -> None:
    """A misspelt override would otherwise be a setting that never took effect."""
    file = tmp_path / "settings.yaml"
    write_settings(file, base(tmp_path))
    assert "COATCHECK_SESION_IDLE" in serve(file, COATCHECK_SESION_IDLE="1h").stderr


def test_the_environment_wins_over_the_file(deploy: Deploy) -> None:
    deployment = deploy(
        {"cookie.name": "fromfile"}, environment={"COATCHECK_COOKIE_NAME": "fromenv"}
    )
    answer = deployment.client().sign_up("somebody", deployment.secrets.password())
    cookie = answer.session_cookie or ""
    assert cookie.startswith("__Host-fromenv=")
    deployment.secrets.add(cookie.split(";")[0].partition("=")[2])


@pytest.mark.parametrize("where", ["no folder", "a folder", "a text file", "another database"])
def test_a_storage_that_cannot_be_used_is_refused_by_path(tmp_path: Path, where: str) -> None:
    database = tmp_path / "there.db"
    if where == "no folder":
        database = tmp_path / "nowhere" / "c.db"
    elif where == "a folder":
        database.mkdir()
    elif where == "a text file":
        database.write_text("not a database, and somebody's only copy " * 200)
    else:
        subprocess.run(["sqlite3", database, "CREATE TABLE precious (x)"], check=True)
    before = database.read_bytes() if database.is_file() else None
    file = tmp_path / "settings.yaml"
    write_settings(file, base(tmp_path) | {"storage.path": str(database)})
    assert str(database) in serve(file).stderr
    assert before is None or database.read_bytes() == before


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the program's command line."""
    return subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, timeout=20, env=clean_environment()
    )


def test_config_check_accepts_the_example_and_refuses_a_mistake(tmp_path: Path) -> None:
    example = run("config", "example")
    assert example.returncode == 0
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(example.stdout)
    assert run("config", "check", "--config", good).returncode == 0
    bad.write_text(example.stdout + "\nnonsense: 1\n")
    result = run("config", "check", "--config", bad)
    assert result.returncode > 0
    assert "nonsense" in result.stderr + result.stdout


def test_a_dump_of_the_settings_reads_back_the_same(tmp_path: Path) -> None:
    file, again = tmp_path / "settings.yaml", tmp_path / "again.yaml"
    write_settings(file, base(tmp_path) | {"session.idle": "90m", "next.hosts": ["a.example"]})
    first = run("config", "dump", "--config", file)
    assert first.returncode == 0, first.stderr
    again.write_text(first.stdout)
    assert run("config", "dump", "--config", again).stdout == first.stdout


@pytest.mark.parametrize("arguments", [("frobnicate",), ("serve", "--colour"), ("config", "burn")])
def test_an_unknown_command_is_refused_with_usage(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.returncode > 0
    assert "Usage" in result.stderr or "usage" in result.stderr


def test_an_endless_start_is_not_what_a_mistake_gets(tmp_path: Path) -> None:
    """The message is the last thing it writes; nothing waits."""
    file = tmp_path / "settings.yaml"
    file.write_text("nonsense: 1\n")
    process = subprocess.Popen(
        serve_command(file), stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    try:
        wait_until(lambda: process.poll() is not None, "the end", timeout=5)
    finally:
        process.kill()
        process.communicate()


def test_nested_settings_are_written_as_the_program_reads_them() -> None:
    assert nested({"a.b": 1, "a.c": 2, "d": 3}) == {"a": {"b": 1, "c": 2}, "d": 3}
