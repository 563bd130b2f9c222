"""The Debian package that `make deb` built."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .program import ROOT, clean_environment


def deb() -> Path:
    """The package. Absence is a failure."""
    found = list((ROOT / ".build-deb").glob("coatcheck_*.deb"))
    assert len(found) == 1, "no package in .build-deb: make deb"
    return found[0]


def output(*command: str | Path, **more: str) -> str:
    """What a command that must succeed prints on standard output; `more` is its environment."""
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=more or clean_environment()
    )
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
    return result.stdout


def unpack(folder: Path) -> Path:
    """The package's files, with its scripts in DEBIAN, in a folder that is made for them."""
    output("dpkg-deb", "--raw-extract", deb(), folder)
    return folder
