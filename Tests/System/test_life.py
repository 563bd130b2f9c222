"""The life of the package on one machine: upgraded, removed, purged, installed again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.machine import Machine
from support.machine_site import GUARDED, MachineSite
from support.versions import later, version

# Whose business it is that packages come and go, and what this site itself put there.
OTHERS = [
    "etc/machine-id", "etc/nginx/cert.pem", "etc/nginx/conf.d/site.conf", "etc/nginx/key.pem",
    "root", "srv/wiki", "tmp", "var/cache", "var/lib/apt", "var/lib/dpkg", "var/lib/nginx",
    "var/log", "var/tmp",
]
DATA = "/var/lib/coatcheck"
# Where systemd notes when timers were due; it makes the folder for the first one.
TIMERS = "var/lib/systemd/timers"


def paths(files: Path) -> set[str]:
    """Every file and folder below a folder that is not somebody else's."""
    found = set()
    for folder, folders, names in os.walk(files):
        place = os.path.relpath(folder, files)
        found |= {os.path.normpath(os.path.join(place, name)) for name in folders + names}
    return {path for path in found if not path.startswith(tuple(OTHERS))}


@pytest.fixture(scope="module")
def before(bare: Path) -> Iterator[tuple[Machine, set[str]]]:
    """A machine that never had the package, and what is on it."""
    with Machine(bare) as machine:
        yield machine, paths(machine.files)


@pytest.fixture(scope="module")
def machine(before: tuple[Machine, set[str]], package: Path) -> Machine:
    """That machine with the package."""
    machine, _ = before
    machine.install(package)
    return machine


@pytest.fixture
def installed(site: MachineSite, machine: Machine, package: Path) -> Iterator[MachineSite]:
    """The site with the package; what a test removed is installed again."""
    yield site
    machine.install(package)
    site.set_up()


def test_an_upgrade_keeps_settings_and_sessions(
    site: MachineSite, machine: Machine, package: Path, tmp_path: Path
) -> None:
    """A higher version over it: another process, the same settings, whoever was logged in is."""
    person = site.person()
    settings, process = site.settings_file.read_text(), machine.main_process
    (newer,) = later(package, tmp_path, 1)
    machine.install(newer)
    query = ("dpkg-query", "--show", "--showformat=${Version}", "coatcheck")
    assert machine.run(*query).stdout == version(newer)
    assert machine.main_process not in (0, process)
    assert site.settings_file.read_text() == settings
    assert person.client.get("/wiki/").text == GUARDED
    assert machine.run("systemctl", "--failed", "--no-legend").stdout == ""


def test_it_is_there_when_the_machine_boots(site: MachineSite, machine: Machine) -> None:
    """After a boot without a shutdown before it, nobody has to start or to mend anything."""
    person = site.person()
    machine.power_cycle()
    assert machine.run("systemctl", "--failed", "--no-legend").stdout == ""
    assert person.client.get("/wiki/").text == GUARDED


def test_a_removal_closes_the_site_and_keeps_the_data(
    installed: MachineSite, machine: Machine, package: Path
) -> None:
    """Nobody gets in; after another installation everything is as it was."""
    person = installed.person()
    settings = installed.settings_file.read_text()
    machine.run("apt-get", "remove", "--yes", "coatcheck")
    assert "coatcheck" not in machine.run("systemctl", "list-units", "--no-legend").stdout
    assert machine.try_to("ls", "/run/coatcheck/fcgi.sock").returncode != 0
    # 404 is nginx's word for the page of its error 500, which was a file of the package.
    answer = person.client.get("/wiki/")
    assert answer.status in (404, 500) and GUARDED not in answer.text
    assert (machine.files / "var/lib/coatcheck/coatcheck.db").stat().st_size > 0
    machine.install(package)
    assert installed.settings_file.read_text() == settings
    assert person.client.get("/wiki/").text == GUARDED


def test_a_purge_names_the_data_before_it_goes_and_leaves_nothing(
    installed: MachineSite, before: tuple[Machine, set[str]]
) -> None:
    """No file, no folder, no unit, no account; what is said stands before what is done."""
    machine, were_there = before
    person = installed.person()
    said = machine.run("apt-get", "purge", "--yes", "coatcheck")
    assert DATA in said.stdout + said.stderr
    assert paths(machine.files) - were_there <= {TIMERS}
    assert were_there - paths(machine.files) == set()
    assert machine.try_to("ls", "/run/coatcheck").returncode != 0
    assert "coatcheck" not in machine.run("systemctl", "list-unit-files", "--no-legend").stdout
    assert machine.try_to("id", "coatcheck").returncode != 0
    assert machine.try_to("getent", "group", "coatcheck").returncode != 0
    assert person.client.get("/wiki/").status in (404, 500)


def test_after_a_purge_it_begins_anew(
    installed: MachineSite, machine: Machine, package: Path
) -> None:
    """Whoever had a session or an account has none."""
    person = installed.person()
    machine.run("apt-get", "purge", "--yes", "coatcheck")
    machine.install(package)
    installed.set_up()
    assert person.client.get("/wiki/").status == 401
    assert installed.client().log_in(person.name, person.password).status == 401
    assert installed.person().client.get("/wiki/").text == GUARDED
