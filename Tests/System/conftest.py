"""Fixtures of the tests on a booted Debian 12.

They need root, and a machine on which systemd-nspawn may boot one; what they do not find is a
failure, never a skip.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.debian import debian
from support.machine import Machine
from support.machine_site import MachineSite
from support.package import deb


@pytest.fixture(scope="session")
def package(tools: None) -> Path:
    """Coatcheck's Debian package, as `make deb` built it."""
    return deb()


@pytest.fixture(scope="session")
def bare(package: Path) -> Path:
    """The folder of a Debian without Coatcheck, which machines are copies of."""
    assert os.geteuid() == 0, "a machine can only be booted by root: make system uses sudo"
    probe = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True)
    assert probe.returncode == 0, (
        "no machine can be booted here, for instance because this is a container without "
        "CAP_SYS_ADMIN; COATCHECK_SYSTEM=none leaves these tests out and says so"
    )
    return debian(package)


@pytest.fixture(scope="module")
def machine(bare: Path, package: Path) -> Iterator[Machine]:
    """A machine with Coatcheck's package, shared by the tests of a file."""
    with Machine(bare) as machine:
        machine.install(package)
        yield machine


@pytest.fixture(scope="module")
def site(machine: Machine) -> MachineSite:
    """The site in that machine."""
    site = MachineSite(machine)
    site.set_up()
    return site
