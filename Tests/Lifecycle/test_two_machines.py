"""The files of the example of two machines (deploy/two-machines), but for those of the engines.

Its balancers are run in test_balancers.py, its engines in Shared/test_example_engines.py.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.example import EXAMPLE
from support.program import ROOT, binary, clean_environment


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command came to."""
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=clean_environment(**environment)
    )


# The machine


@pytest.mark.parametrize("credentials", [True, False], ids=["credentials", "file"])
def test_the_settings_can_be_used(credentials: bool) -> None:
    """With the addresses as systemd hands them over, and with those of the file."""
    folder = {"CREDENTIALS_DIRECTORY": str(EXAMPLE / "machine/credentials")} if credentials else {}
    settings = EXAMPLE / "machine/coatcheck.yaml"
    result = run(binary(), "config", "check", "--config", settings, **folder)
    assert result.returncode == 0, result.stderr


def test_no_password_stands_where_everybody_may_read() -> None:
    """ASVS 13.3.1: a credential adds the password to the address of the file, and nothing else."""
    text = (EXAMPLE / "machine/coatcheck.yaml").read_text()
    for key in ("storage.url", "sessions.url"):
        secret = (EXAMPLE / "machine/credentials" / key).read_text().strip()
        assert secret.count(":CHANGE-ME@") == 1
        assert f"{key}: {secret.replace(':CHANGE-ME@', '@')}\n" in text


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with the lines of the example, and a program that exists here."""
    for name in ("coatcheck.service", "coatcheck.socket"):
        shutil.copy(ROOT / "deploy" / name, tmp_path)
    service = tmp_path / "coatcheck.service"
    text = service.read_text()
    service.write_text(text.replace("ExecStart=/usr/bin/coatcheck ", "ExecStart=/bin/true "))
    (tmp_path / "coatcheck.service.d").mkdir()
    shutil.copy(EXAMPLE / "machine/engines.conf", tmp_path / "coatcheck.service.d")
    return tmp_path


def verify(units: Path) -> str:
    """What systemd finds wrong with the unit."""
    command = ["systemd-analyze", "verify", "./coatcheck.service"]
    result = subprocess.run(command, cwd=units, capture_output=True, text=True, timeout=60)
    return result.stderr


def test_systemd_finds_no_fault_in_the_lines_for_the_unit(units: Path) -> None:
    assert verify(units) == ""


def test_a_misspelt_line_for_the_unit_would_be_noticed(units: Path) -> None:
    lines = units / "coatcheck.service.d/engines.conf"
    lines.write_text(lines.read_text().replace("IPAddressAllow=", "IPAddressAllows="))
    assert "IPAddressAllows" in verify(units)


def test_the_unit_gets_a_way_to_the_engines_and_to_nothing_else(units: Path) -> None:
    """As the names of the engines say where they are; the exposure grows by less than 0.5."""
    text = (EXAMPLE / "machine/engines.conf").read_text()
    (allowed,) = re.findall(r"^IPAddressAllow=(.*)$", text, re.MULTILINE)
    hosts = re.findall(r"^([\d.]+) ", (EXAMPLE / "machine/hosts").read_text(), re.MULTILINE)
    assert allowed.split() == hosts
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20"]
    result = subprocess.run(
        [*command, "./coatcheck.service"], cwd=units, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout[-200:]


# The texts


def shell_blocks() -> list[str]:
    """The pieces of the README that are for a shell."""
    text = (EXAMPLE / "README.md").read_text()
    return re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def test_what_is_for_a_shell_can_be_read_by_one() -> None:
    blocks = shell_blocks()
    assert len(blocks) >= 4
    for block in blocks:
        result = subprocess.run(["sh", "-n"], input=block, capture_output=True, text=True)
        assert result.returncode == 0, f"{result.stderr}{block}"


def test_the_steps_name_files_that_are_there_and_put_each_in_its_place() -> None:
    text = "".join(shell_blocks())
    named = set(re.findall(r"\bmachine/\S+\w", text))
    there = {str(p.relative_to(EXAMPLE)) for p in (EXAMPLE / "machine").rglob("*") if p.is_file()}
    assert named == there - {"machine/hosts"}
    readme = (EXAMPLE / "README.md").read_text()
    for path in EXAMPLE.rglob("*"):
        if path.is_file() and path.parent != EXAMPLE:
            assert path.name in readme, path
