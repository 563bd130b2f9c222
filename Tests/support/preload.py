"""Libraries that go under the program (LD_PRELOAD in ld.so(8)), to watch it or to disturb it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def build(source: Path, library: Path) -> None:
    """Compiles a library."""
    command = ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True, timeout=60)
