"""Coatcheck's Debian package in versions that come later."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .package import output


def version(package: Path) -> str:
    """The version of a package."""
    return output("dpkg-deb", "--field", package, "Version").strip()


def later(package: Path, folder: Path, count: int) -> list[Path]:
    """The same package in `count` versions, each higher than the one before."""
    tree, first, made = folder / "tree", version(package), []
    output("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    text = control.read_text()
    for number in range(1, count + 1):
        newer = f"{first}+later{number}"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {newer}", text))
        made.append(folder / f"coatcheck_{newer}.deb")
        # Stored, not compressed: it is read once.
        output("dpkg-deb", "-Znone", "--build", tree, made[-1])
    # Not while people log in: a login waits for the disk as long as that has other things to do.
    os.sync()
    return made
