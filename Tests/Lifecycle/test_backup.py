"""`coatcheck backup` beside a server under load, and what `coatcheck restore` brings back."""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.checks import assert_problem, assert_refused
from support.command_line import CommandLine
from support.deployment import Deploy, Deployment
from support.events import EventLog
from support.names import new_name
from support.parallel import given_ticket, log_in, post, status_of
from support.program import binary, clean_environment
from support.waiting import wait_until

CLIENTS = 6
# The last line of a backup.
SEAL = re.compile(rb"coatcheck backup, sha256 [0-9a-f]{64}\n\Z")
# Another owner than root: Debian's nobody.
SOMEBODY = 65534


@pytest.fixture
def place(deploy: Deploy) -> Iterator[Place]:
    """A server, and a folder for its backups."""
    yield Place(deploy())


class Place:
    """A server whose database is backed up, lost and restored."""

    def __init__(self, site: Deployment) -> None:
        self.site = site
        self.console = CommandLine(site)
        self.file = site.folder / "backup.db"

    def back_up(self, *options: str) -> str:
        """Makes the backup beside the server."""
        return self.console.do("backup", str(self.file), *options)

    def lose(self) -> None:
        """Stops the server and empties the folder of its database."""
        assert self.site.process.stop() == 0
        shutil.rmtree(self.site.database.parent)
        self.site.database.parent.mkdir(mode=0o700)

    def restore(self, *options: str) -> str:
        """Restores the backup and starts the server on it."""
        said = self.console.do("restore", str(self.file), *options)
        self.site.start()
        return said

    def files(self) -> set[str]:
        """What is where the database and the backup are."""
        folders = (self.site.database.parent, self.site.folder)
        return {path.name for folder in folders for path in folder.glob("*.db*")}


class Client(threading.Thread):
    """Signs up, logs in and logs out, and remembers every answer with the order it came in."""

    def __init__(self, site: Deployment, over: threading.Event, seed: int) -> None:
        super().__init__()
        self._site = site
        self._over = over
        self._random = random.Random(seed)
        self.accounts: list[tuple[str, str]] = []
        self.live: list[str] = []
        self.ended: list[str] = []
        self.failure = ""

    def run(self) -> None:
        try:
            while not self._over.is_set():
                self._step()
        except (OSError, AssertionError) as error:
            self.failure = repr(error)

    def _step(self) -> None:
        choice = self._random.random()
        if choice < 0.4 or not self.accounts:
            account = (new_name("backup"), self._site.secrets.password())
            answer = post(
                self._site, "/signup", {"username": account[0], "password": account[1]}
            )
            assert answer.status == 201, answer
            self.live.append(given_ticket(answer))
            self.accounts.append(account)
        elif choice < 0.7 or not self.live:
            answer = log_in(self._site, *self._random.choice(self.accounts))
            assert answer.status == 200, answer
            self.live.append(given_ticket(answer))
        else:
            cookie = self.live.pop(self._random.randrange(len(self.live)))
            assert post(self._site, "/logout", {}, cookie=cookie).status == 204
            self.ended.append(cookie)

    def acknowledged(self) -> tuple[list[tuple[str, str]], list[str]]:
        """The accounts that are there and the cookies that are not, from now on and for good."""
        return list(self.accounts), list(self.ended)


def test_a_backup_under_load_has_all_that_was_acknowledged_before(place: Place) -> None:
    """Beside sign-ups, logins and logouts; every account opens, and every ended ticket is dead."""
    over = threading.Event()
    clients = [Client(place.site, over, seed) for seed in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for _ in range(3):
            wanted = min(len(client.accounts) for client in clients) + 4
            wait_until(
                lambda: all(len(client.accounts) >= wanted for client in clients),
                "the clients to work",
                60,
            )
            before = [client.acknowledged() for client in clients]
            place.back_up("--replace")
    finally:
        over.set()
        for client in clients:
            client.join(30)
    assert not [client.failure for client in clients if client.failure]
    place.lose()
    place.restore("--keep-sessions")
    for accounts, ended in before:
        assert len(accounts) >= 12 and ended, "the clients hardly worked"
        for name, password in accounts:
            answer = log_in(place.site, name, password)
            assert answer.status == 200, f"an acknowledged account is lost: {answer}"
        for cookie in ended:
            assert status_of(place.site, cookie) == 401, "an ended session came back"


def test_nothing_in_a_backup_under_load_is_half(place: Place) -> None:
    """What one transaction writes is in it together: each account has its name."""
    over = threading.Event()
    clients = [Client(place.site, over, seed) for seed in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for number in range(5):
            file = place.site.folder / f"copy-{number}.db"
            place.console.do("backup", str(file))
            with sqlite3.connect(file) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                nameless = (
                    "SELECT count(*) FROM users"
                    " WHERE id NOT IN (SELECT user_id FROM account_names)"
                )
                assert database.execute(nameless).fetchone() == (0,)
            database.close()
    finally:
        over.set()
        for client in clients:
            client.join(30)
    assert not [client.failure for client in clients if client.failure]


def test_a_restore_ends_every_session_and_people_log_in_again(place: Place) -> None:
    """Delete wins over a backup: what was ended after it was made does not come back."""
    person, other = place.site.person(), place.site.person()
    said = place.back_up()
    assert "accounts 2, sessions 2" in said
    ended_later = other.client.ticket_cookie
    assert other.client.request("POST", "/logout").status == 204
    place.lose()
    assert "sessions that ended 2" in place.restore()
    assert_refused(person.client.get("/me"))
    log = EventLog(place.site.log)
    assert status_of(place.site, ended_later) == 401
    # It is answered as a ticket that is used up, not as one that nobody was given.
    assert any(line["event"] == "authn_token_reuse" for line in log.new())
    assert person.client.log_in(person.name, person.password).status == 200
    trail = place.console.do("audit", "list", "--event", "sys_restore")
    assert "ended=2" in trail and "by=console:" in trail


def test_sessions_go_on_where_that_is_asked_for(place: Place) -> None:
    person, other = place.site.person(), place.site.person()
    ended = other.client.ticket_cookie
    assert other.client.request("POST", "/logout").status == 204
    place.back_up()
    place.lose()
    place.restore("--keep-sessions")
    assert person.client.get("/me").status == 200
    assert status_of(place.site, ended) == 401


def test_links_to_set_a_password_do_not_come_back(place: Place) -> None:
    name = new_name()
    said = place.console.do("user", "add", name, "--link")
    link = said.split("token=")[1].split()[0]
    place.site.secrets.add(link)
    place.back_up()
    place.lose()
    place.restore()
    answer = place.site.client().post_json(
        "/set-password", {"token": link, "password": place.site.secrets.password()}
    )
    assert_problem(answer, 404, "link-unusable")


def test_a_backup_is_noted_and_holds_no_secret_in_the_clear(place: Place) -> None:
    place.site.person()
    said = place.back_up()
    assert not place.site.secrets.found_in(place.file)
    assert place.file.stat().st_mode & 0o777 == 0o600
    assert f"{place.file.stat().st_size} bytes" in said
    trail = place.console.do("audit", "list", "--event", "sys_backup")
    assert str(place.file) in trail and "by=console:" in trail


def test_a_backup_is_made_also_when_nothing_can_be_written(place: Place) -> None:
    """It only reads; that the audit trail has no line of it is said."""
    place.site.person()
    holder = sqlite3.connect(place.site.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    outcome = place.console.run("backup", str(place.file))
    holder.execute("ROLLBACK")
    holder.close()
    assert outcome.status == 0 and "accounts 1" in outcome.output, outcome
    assert "audit trail does not say so" in outcome.error
    place.lose()
    place.restore()


def test_a_restore_beside_a_running_server_is_refused(place: Place) -> None:
    """Also when the database was moved away under it; the server is left alone."""
    person = place.site.person()
    place.back_up()
    for path in place.site.database.parent.iterdir():
        path.unlink()
    assert "somebody listens" in place.console.refused("restore", str(place.file))
    assert not list(place.site.database.parent.iterdir())
    assert person.client.get("/me").status == 200
    # It says itself that its file is gone.
    assert place.site.client().get("/health/ready").status != 200


def test_a_restore_over_a_database_is_refused(place: Place) -> None:
    person = place.site.person()
    place.back_up()
    assert place.site.process.stop() == 0
    before = place.site.database.read_bytes()
    assert "is there already" in place.console.refused("restore", str(place.file))
    assert place.site.database.read_bytes() == before
    place.site.start()
    assert person.client.get("/me").status == 200


def test_a_folder_that_is_missing_or_cannot_be_written_is_named(place: Place) -> None:
    before = place.files()
    for folder in ("/nowhere", "/sys/kernel"):
        assert folder in place.console.refused("backup", f"{folder}/backup.db")
    assert place.files() == before
    place.back_up()
    place.lose()
    place.site.database.parent.rmdir()
    assert str(place.site.database) in place.console.refused("restore", str(place.file))
    place.site.database.parent.mkdir()
    place.restore()


def run_with_limit(place: Place, verb: str, size: int) -> tuple[int, str]:
    """Runs a command whose files may have so many bytes: a limit stands for a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    result = subprocess.run(
        [binary(), verb, "--config", place.site.settings_file, place.file],
        capture_output=True,
        timeout=60,
        preexec_fn=limit,
        restore_signals=False,
        env=clean_environment(),
    )
    return result.returncode, result.stderr.decode()


def test_a_full_disk_leaves_nothing_behind(place: Place) -> None:
    """Wherever the disk is full: in the copy, in the seal, in what is restored."""
    place.site.person()
    place.back_up()
    size = place.file.stat().st_size
    place.file.unlink()
    before = place.files()
    for limit in (0, 4096, size // 2, size - 100, size - 1):
        status, said = run_with_limit(place, "backup", limit)
        assert status == 1 and "no backup was made" in said, said
        assert place.files() == before
    place.back_up()
    good = place.file.read_bytes()
    place.lose()
    for limit in (0, 4096, size // 2):
        status, said = run_with_limit(place, "restore", limit)
        assert status == 1 and "nothing was restored" in said, said
        assert place.files() == {place.file.name}
    assert place.file.read_bytes() == good
    place.restore()


def run_and_kill(place: Place, within: float, verb: str, *options: str) -> bool:
    """Runs a command and kills it at some moment; whether that was before its end."""
    child = subprocess.Popen(
        [binary(), verb, "--config", place.site.settings_file, place.file, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
    )
    try:
        child.wait(random.uniform(0, within))
        return False
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(10)
        return True


def test_a_backup_killed_at_any_moment_harms_nothing(place: Place) -> None:
    """The file is the old one or the new one, and the next run removes what is left."""
    place.site.person()
    place.back_up()
    start = time.monotonic()
    place.back_up("--replace")
    duration = time.monotonic() - start
    killed = 0
    for _ in range(30):
        killed += run_and_kill(place, duration, "backup", "--replace")
        assert SEAL.search(place.file.read_bytes()), "half a backup"
    assert killed > 5, "hardly any was killed"
    place.back_up("--replace")
    assert not [name for name in place.files() if ".partial" in name]
    place.lose()
    place.restore()


def test_a_restore_that_is_killed_leaves_no_database(place: Place) -> None:
    person = place.site.person()
    place.back_up()
    place.lose()
    start = time.monotonic()
    place.console.do("restore", str(place.file))
    duration = time.monotonic() - start
    place.site.database.unlink()
    killed = 0
    for _ in range(30):
        killed += run_and_kill(place, duration, "restore")
        if place.site.database.exists():
            # It is whole: it got its name at the end.
            with sqlite3.connect(place.site.database) as database:
                assert database.execute("SELECT count(*) FROM users").fetchone() == (1,)
            database.close()
            place.site.database.unlink()
    assert killed > 5, "hardly any was killed"
    place.restore()
    assert not [name for name in place.files() if ".partial" in name]
    assert person.client.log_in(person.name, person.password).status == 200


def test_a_damaged_backup_is_refused_and_named(place: Place) -> None:
    place.site.person()
    place.back_up()
    place.lose()
    whole = place.file.read_bytes()
    chance = random.Random()
    for _ in range(10):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole) - 100)] ^= 1 << chance.randrange(8)
        place.file.write_bytes(damaged)
        said = place.console.refused("restore", str(place.file))
        assert f"{place.file} is damaged" in said
        place.file.write_bytes(whole[: chance.randrange(len(whole) - 100)])
        assert str(place.file) in place.console.refused("restore", str(place.file))
    assert place.files() == {place.file.name}
    place.file.write_bytes(whole)
    place.restore()


def test_what_is_restored_belongs_to_the_owner_of_the_folder(place: Place) -> None:
    """Root reads the backup wherever it is, and becomes the service before it writes."""
    person = place.site.person()
    place.back_up()
    place.lose()
    folder = place.site.database.parent
    private = place.site.folder / "private"
    private.mkdir(mode=0o700)
    shutil.move(place.file, private)
    if os.geteuid() == 0:
        place.site.folder.chmod(0o711)
        os.chown(folder, SOMEBODY, SOMEBODY)
    place.console.do("restore", str(private / place.file.name))
    place.console.do("backup", str(folder / "copy.db"))
    for path in folder.iterdir():
        status = path.stat()
        assert (status.st_uid, status.st_mode & 0o777) == (folder.stat().st_uid, 0o600), path
    if os.geteuid() == 0:
        assert "Permission denied" in place.console.refused("backup", str(private / "other.db"))
    place.site.start()
    assert person.client.log_in(person.name, person.password).status == 200


def test_the_help_says_when_to_stop_the_server_and_what_ends(site: Deployment) -> None:
    text = " ".join(CommandLine(site).do("restore", "--help").split())
    assert "Stop coatcheck.service and coatcheck.socket first" in text
    assert "every session in it ends" in text
