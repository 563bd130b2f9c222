"""Settings in files of their own, as systemd's LoadCredential passes them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support import fastcgi
from support.deployment import Deploy
from support.program import binary, clean_environment, serve_command, write_settings
from support.waiting import wait_until

# EX_CONFIG of sysexits.h.
WRONG = 78


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the credentials."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    return folder


def dump(
    folder: Path, prefix: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """The settings in force with the credentials of a folder."""
    file = folder.parent / "settings.yaml"
    write_settings(file, {"password.minimum": 9, "storage.path": "/from/the/file.db"})
    return subprocess.run(
        [*prefix, binary(), "config", "dump", "--config", file],
        capture_output=True,
        text=True,
        timeout=20,
        env=clean_environment(CREDENTIALS_DIRECTORY=str(folder), **environment),
    )


def value(folder: Path, key: str, **environment: str) -> str:
    """The value of one setting, as `config dump` writes it."""
    result = dump(folder, **environment)
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if line.startswith(f"{key}:")]
    return line.partition(":")[2].strip().strip("\"'")


def refused(folder: Path, prefix: tuple[str, ...] = (), **environment: str) -> str:
    """What is said when the settings cannot be used."""
    result = dump(folder, prefix, **environment)
    assert (result.returncode, result.stdout) == (WRONG, ""), result
    assert "Fatal error" not in result.stderr and "Backtrace" not in result.stderr
    return result.stderr


def test_a_credential_goes_before_the_file_and_the_environment_before_it(folder: Path) -> None:
    """ASVS 13.3.1: what should not stand in the settings file is handed over by systemd."""
    assert value(folder, "password.minimum") == "9"
    (folder / "password.minimum").write_text("11")
    assert value(folder, "password.minimum") == "11"
    assert value(folder, "password.minimum", COATCHECK_PASSWORD_MINIMUM="12") == "12"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=repr)
def test_a_line_end_behind_the_value_is_not_part_of_it(folder: Path, end: str) -> None:
    (folder / "storage.path").write_bytes(f"/from/a credential.db{end}".encode())
    assert value(folder, "storage.path") == "/from/a credential.db"


def test_lists_and_policies_are_read_as_in_the_environment(folder: Path) -> None:
    (folder / "next.hosts").write_text("a.example,b.example\n")
    (folder / "policies").write_text("editors:\n  groups: [x, y]\n  max-age: 10m\n")
    text = dump(folder).stdout
    assert "a.example" in text and "b.example" in text
    assert "editors" in text and "max-age" in text


def test_files_of_others_are_left_alone(folder: Path) -> None:
    (folder / "tls-key").write_bytes(b"\x00\xff not ours")
    (folder / "password.minimum.old").write_text("nonsense")
    (folder / "password").mkdir()
    assert value(folder, "password.minimum") == "9"


@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("password.minimum", b""),
        ("password.minimum", b"\n"),
        ("storage.path", b""),
        ("storage.path", b"/a\x00b"),
        ("storage.path", b"\x00"),
        ("storage.path", b"/a\nb"),
        ("password.minimum", b"9\x00"),
        ("next.hosts", b"a.example\x00"),
        ("password.minimum", b"9\n\n"),
        ("password.minimum", b" 9"),
        ("storage.path", b"/caf\xe9"),
        ("storage.path", b"\xff\xfe/\x00a\x00"),
        ("storage.path", b"/" + b"x" * 65536),
        ("site.url", b"x" * 10_000_000),
        ("policies", b"editors: [unclosed"),
        ("policies", b"editors: \x00"),
        ("policies", b"just a text"),
        ("workers", b"16 # a comment"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_value_that_is_not_allowed_is_refused_by_folder_and_key(
    folder: Path, key: str, content: bytes
) -> None:
    (folder / key).write_bytes(content)
    said = refused(folder)
    assert str(folder) in said and key in said, said
    # Of YAML the line with the mistake is shown, of other values nothing.
    assert len(said) < 1000 and (key == "policies" or said.rstrip("\n").isprintable())


def test_a_text_of_the_greatest_length_is_read(folder: Path) -> None:
    path = "/" + "x" * 65_534
    (folder / "storage.path").write_text(path + "\n")
    assert value(folder, "storage.path") == path


@pytest.mark.parametrize("what", ["folder", "dangling link", "loop", "pipe", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(folder: Path, what: str) -> None:
    """A value that silently did not hold would be worse than none."""
    path = folder / "password.minimum"
    if what == "folder":
        path.mkdir()
    elif what == "dangling link":
        path.symlink_to(folder / "nowhere")
    elif what == "loop":
        path.symlink_to(path)
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    assert str(path) in refused(folder)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_is_refused(folder: Path, what: str) -> None:
    """Also when whoever starts it is root: without the capabilities that overrule rights."""
    path = folder / "password.minimum"
    path.write_text("11")
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    (path if what == "file" else folder).chmod(0)
    try:
        said = refused(folder, prefix)
        assert str(folder) in said, said
    finally:
        folder.chmod(0o700)


def test_a_folder_that_is_not_there_holds_nothing(folder: Path) -> None:
    folder.rmdir()
    assert value(folder, "password.minimum") == "9"


def test_the_server_does_not_start_with_a_wrong_one(folder: Path, tmp_path: Path) -> None:
    (folder / "workers").write_text("none")
    file = tmp_path / "settings.yaml"
    write_settings(file, {"socket.path": str(tmp_path / "s"), "storage.path": str(tmp_path / "c")})
    result = subprocess.run(
        serve_command(file),
        capture_output=True,
        text=True,
        timeout=20,
        env=clean_environment(CREDENTIALS_DIRECTORY=str(folder)),
    )
    assert result.returncode == WRONG and "workers" in result.stderr
    assert not (tmp_path / "c").exists()


def test_a_reload_reads_them_again(deploy: Deploy, folder: Path) -> None:
    """A wrong one keeps the settings as they were, and is said."""
    credential = folder / "password.minimum"
    credential.write_text("13")
    site = deploy(with_gateway=False, environment={"CREDENTIALS_DIRECTORY": str(folder)})

    def hint() -> str:
        answer = site.ask(fastcgi.route("GET", "/signup", HTTP_ACCEPT="text/html"))
        found = re.search(r"(\d+) characters", answer.text)
        assert found, str(answer)
        return found[1]

    assert hint() == "13"
    for content, expected in (("14", "14"), ("none", "14"), ("15", "15")):
        before = site.log.stat().st_size
        credential.write_text(content)
        site.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "sys_settings" in site.log.read_text()[before:], "the reading")
        assert hint() == expected
    assert "password.minimum" in site.log.read_text()
    assert site.process.stop() == 0
