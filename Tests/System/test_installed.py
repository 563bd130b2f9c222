"""The package on a booted Debian 12: it serves, it is confined, and it says what happens."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.curl import NAVIGATION
from support.deployment import Person
from support.events import parse_logfmt
from support.machine import Machine
from support.machine_site import GUARDED, MachineSite

# Connects to a unix socket; the status is errno(3). Perl is in every Debian.
CONNECT = "socket(S, AF_UNIX, SOCK_STREAM, 0); exit(connect(S, pack_sockaddr_un(shift)) ? 0 : $!)"
SOCKET = "/run/coatcheck/fcgi.sock"
EACCES = 13


@pytest.fixture(scope="module")
def person(site: MachineSite) -> Person:
    """Somebody with an account, logged in."""
    return site.person()


@pytest.fixture(scope="module")
def process(machine: Machine, site: MachineSite) -> Iterator[int]:
    """Coatcheck's process, which is the same after the tests."""
    number = machine.main_process
    yield number
    assert machine.main_process == number != 0


def test_a_guarded_page_is_for_people_who_are_logged_in(site: MachineSite) -> None:
    """The way of a person through nginx, from the login page and back to it."""
    person = site.person()
    stranger = site.client()
    assert stranger.get("/wiki/", NAVIGATION).status == 303
    assert stranger.get("/wiki/").status == 401
    assert stranger.log_in(person.name, person.password).status == 200
    assert stranger.get("/wiki/").text == GUARDED
    assert stranger.request("POST", "/logout").status == 204
    assert stranger.get("/wiki/").status == 401
    assert person.client.get("/wiki/").text == GUARDED


def test_nothing_failed_since_the_start_of_the_machine(site: MachineSite, machine: Machine) -> None:
    """The machine came up and both units run."""
    assert machine.run("systemctl", "is-system-running").stdout.strip() == "running"
    assert machine.run("systemctl", "--failed", "--no-legend").stdout == ""
    assert machine.shown("SubState") == "running"
    assert machine.shown("SubState", "coatcheck.socket") == "running"
    for unit in ("coatcheck.service", "coatcheck.socket"):
        assert machine.run("systemctl", "is-enabled", unit).stdout.strip() == "enabled"


def test_systemd_finds_the_running_service_exposed_by_no_more_than_1_5(machine: Machine) -> None:
    """As the machine's own systemd judges it; the threshold is in tenths."""
    command = ("systemd-analyze", "security", "--no-pager", "--threshold=15", "coatcheck.service")
    result = machine.try_to(*command)
    assert result.returncode == 0, result.stdout


def test_the_process_has_no_capability_and_a_filter(machine: Machine, process: int) -> None:
    """What the kernel says of it, not what the unit asks for."""
    status = machine.run("cat", f"/proc/{process}/status").stdout
    sets = re.findall(r"^Cap\w+:\t([0-9a-f]+)$", status, re.MULTILINE)
    assert len(sets) == 5
    assert {int(capabilities, 16) for capabilities in sets} == {0}
    assert "\nNoNewPrivs:\t1\n" in status
    assert "\nSeccomp:\t2\n" in status
    account = machine.run("id", "--user", "coatcheck").stdout.strip()
    assert account != "0"
    assert f"\nUid:\t{account}\t{account}\t{account}\t{account}\n" in status


def test_the_process_has_no_network(machine: Machine, process: int) -> None:
    """Its network has a loopback interface that nobody else is on."""
    table = machine.run("cat", f"/proc/{process}/net/dev").stdout
    assert re.findall(r"^ *(\w+):", table, re.MULTILINE) == ["lo"]


ELSEWHERE = ["/etc/coatcheck", "/usr/bin", "/var/lib", "/var/log", "/run", "/run/lock", "/dev/shm"]


@pytest.mark.parametrize("folder", ELSEWHERE)
def test_nothing_can_be_written_elsewhere(machine: Machine, process: int, folder: str) -> None:
    """Not even by root, in the file systems as the process sees them."""
    inside = ("nsenter", f"--target={process}", "--mount")
    refused = machine.try_to(*inside, "touch", f"{folder}/trace")
    assert "Read-only file system" in refused.stderr
    machine.run(*inside, "touch", "/var/lib/coatcheck/trace")
    machine.run("rm", "/var/lib/coatcheck/trace")


def test_the_homes_of_people_are_not_there(machine: Machine, process: int) -> None:
    """Nor can they be looked into."""
    (machine.files / "home/ada").mkdir(exist_ok=True)
    inside = ("nsenter", f"--target={process}", "--mount")
    assert machine.try_to(*inside, "ls", "/home/ada").returncode != 0


@pytest.mark.parametrize(
    ("account", "expected"), [("www-data", 0), ("nobody", EACCES), ("coatcheck", EACCES)]
)
def test_only_nginx_can_connect(
    site: MachineSite, machine: Machine, account: str, expected: int
) -> None:
    """The socket is the trust boundary: www-data may, everybody else may not."""
    become = ("setpriv", f"--reuid={account}", "--regid", group_of(machine, account))
    command = (*become, "--init-groups", "perl", "-MSocket", "-e", CONNECT, SOCKET)
    assert machine.try_to(*command).returncode == expected


def group_of(machine: Machine, account: str) -> str:
    """The number of an account's group."""
    return machine.run("id", "--group", account).stdout.strip()


def test_the_files_are_for_the_service_alone(machine: Machine, site: MachineSite) -> None:
    """The database, which holds hashes, and the socket."""
    for path, expected in [
        ("/var/lib/coatcheck", "coatcheck:coatcheck 700"),
        ("/var/lib/coatcheck/coatcheck.db", "coatcheck:coatcheck 600"),
        (SOCKET, "root:www-data 660"),
    ]:
        assert machine.run("stat", "--format=%U:%G %a", path).stdout.strip() == expected


def test_a_backup_is_made_every_night_and_for_the_service_alone(
    site: MachineSite, machine: Machine, person: Person
) -> None:
    """The timer is set, and what it starts is confined as the service is."""
    assert machine.shown("SubState", "coatcheck-backup.timer") == "waiting"
    machine.run("systemctl", "start", "coatcheck-backup.service")
    (backup,) = (machine.files / "var/backups/coatcheck").iterdir()
    assert re.fullmatch(r"[1-7]\.db", backup.name)
    place = f"/var/backups/coatcheck/{backup.name}"
    made = machine.run("stat", "--format=%U:%G %a", place).stdout.strip()
    assert made == "coatcheck:coatcheck 600"
    with closing(sqlite3.connect(f"file:{backup}?mode=ro&immutable=1", uri=True)) as database:
        names = database.execute("SELECT username FROM users").fetchall()
    assert (person.name,) in names


def test_the_journal_has_the_events_with_their_priorities(
    site: MachineSite, machine: Machine, person: Person
) -> None:
    """Each line is an event, and journalctl --priority chooses among them."""
    name = person.name
    assert site.client().log_in(name, site.secrets.password()).status == 401
    assert site.client().log_in(name, person.password).status == 200
    priorities = {}
    for line in machine.journal("-u", "coatcheck", "--output=json").splitlines():
        entry = json.loads(line)
        if entry["SYSLOG_IDENTIFIER"] == "coatcheck":
            event = parse_logfmt(entry["MESSAGE"])
            priorities[event["event"]] = (event["level"], entry["PRIORITY"])
    assert priorities["sys_startup"] == ("info", "6")
    assert priorities["authn_login_success"] == ("info", "6")
    assert priorities["authn_login_fail"] == ("notice", "5")


def test_no_secret_is_in_the_journal_or_in_a_log(
    site: MachineSite, machine: Machine, person: Person, tmp_path: Path
) -> None:
    """No password and no ticket of these tests, in any field of any line."""
    journal = tmp_path / "journal"
    journal.write_text(machine.journal("--output=json", "--all"))
    logs = [path for path in (machine.files / "var/log").rglob("*") if path.is_file()]
    assert len(logs) > 2
    assert not [path for path in (journal, *logs) if site.secrets.found_in(path)]


def test_nginx_can_be_stopped_and_started(
    site: MachineSite, machine: Machine, process: int, person: Person
) -> None:
    """Coatcheck does not notice, and who was logged in is so afterwards."""
    machine.run("systemctl", "stop", "nginx")
    with pytest.raises(ConnectionRefusedError):
        site.is_ready()
    machine.run("systemctl", "start", "nginx")
    assert site.is_ready()
    assert person.client.get("/wiki/").text == GUARDED
