"""The manual pages: coatcheck(1) and coatcheck.yaml(5) say all there is, and are well formed."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.package import output, unpack

PAGES = ["man1/coatcheck.1", "man5/coatcheck.yaml.5"]
# Every command has them; the page says so once.
GENERAL = {"config", "version", "help", "h"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's files, with the manual pages unpacked."""
    root = unpack(tmp_path_factory.mktemp("manual") / "files")
    for page in PAGES:
        path = root / "usr/share/man" / page
        path.write_bytes(gzip.decompress(Path(f"{path}.gz").read_bytes()))
    return root


def page(installed: Path, name: str) -> str:
    """The source of a manual page."""
    return (installed / "usr/share/man" / name).read_text()


def commands(command: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[
        tuple[str, set[str]]]:
    """Every command that does something, with the names of its options."""
    inner = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    for each in inner:
        yield from commands(each, (*above, each["commandName"]))
    if not inner:
        names = [n["name"] for a in command["arguments"] for n in a.get("names", [])]
        yield " ".join(above), set(names)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_well_formed(installed: Path, name: str) -> None:
    """For mandoc and for groff, which most systems use."""
    path = installed / "usr/share/man" / name
    output("mandoc", "-T", "lint", "-W", "warning", path)
    result = subprocess.run(["man", "--warnings", "--encoding=UTF-8", "--local-file", path],
                            capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")


def test_every_command_and_option_is_in_the_page(installed: Path) -> None:
    """What `coatcheck help` lists; options stand in the line of their command."""
    program = installed / "usr/bin/coatcheck"
    tree = json.loads(output(program, "--experimental-dump-help"))["command"]
    found = dict(commands(tree))
    assert len(found) > 15
    lines = page(installed, PAGES[0]).splitlines()
    for command, options in found.items():
        items = [line for line in lines if re.match(rf"\.It Cm {command}( [A-Z]|$)", line)]
        assert len(items) == 1, command
        written = set(re.findall(r"Fl -([a-z-]+)", items[0]))
        assert options - GENERAL == written - GENERAL, command


def test_every_setting_is_in_the_page_with_its_default(installed: Path) -> None:
    """The page is made from the one table that the parser uses."""
    example = output(installed / "usr/bin/coatcheck", "config", "example")
    keys = re.findall(r"^#([a-z.-]+): ", example, re.MULTILINE)
    assert len(keys) > 30
    items = re.findall(r"^\.It Ic (\S+)$", page(installed, PAGES[1]), re.MULTILINE)
    assert [item.replace("\\-", "-") for item in items] == keys
    assert "@SETTINGS@" not in page(installed, PAGES[1])


def test_every_exit_status_is_in_the_page(installed: Path) -> None:
    """Done, refused, not understood (EX_USAGE), wrong settings (EX_CONFIG of sysexits.h)."""
    text = page(installed, PAGES[0])
    part = text[text.index(".Sh EXIT STATUS"):text.index(".Sh EXAMPLES")]
    assert re.findall(r"^\.It (\d+)$", part, re.MULTILINE) == ["0", "1", "64", "78"]


def test_the_completions_are_scripts_that_a_shell_understands(installed: Path) -> None:
    """bash parses its own; it is no program, so it names no interpreter."""
    script = installed / "usr/share/bash-completion/completions/coatcheck"
    output("bash", "-n", script)
    assert not script.read_text().startswith("#!")
