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
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from copy import deepcopy
from pathlib import Path

import pytest

from support.checks import assert_problem, assert_refused
from support.command_line import CommandLine
from support.deployment import Deploy, Deployment
from support.disk import small_disk
from support.events import EventLog
from support.ledger import Ledger, Visitor, verify
from support.names import new_name
from support.parallel import status_of
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


@contextmanager
def load(site: Deployment) -> Iterator[list[Visitor]]:
    """People who sign up, log in and log out meanwhile; no answer may be a failure."""
    visitors = [Visitor(site, seed, ()) for seed in range(CLIENTS)]
    for visitor in visitors:
        visitor.start()
    try:
        yield visitors
    finally:
        for visitor in visitors:
            visitor.over.set()
        for visitor in visitors:
            visitor.join(30)
    assert not [visitor.failure for visitor in visitors if visitor.failure]


def acknowledged(visitors: list[Visitor]) -> Ledger:
    """What is confirmed at a moment at which no request is under way."""
    with ExitStack() as turns:
        for visitor in visitors:
            turns.enter_context(visitor.turn)
        whole = Ledger()
        for visitor in visitors:
            whole.add(deepcopy(visitor.confirmed))
    return whole


def after_work(visitors: list[Visitor], amount: int) -> Ledger:
    """Waits until so much is confirmed, and returns it."""
    found = Ledger()

    def is_enough() -> bool:
        nonlocal found
        found = acknowledged(visitors)
        return found.acknowledged >= amount

    wait_until(is_enough, f"{amount} answers", timeout=60, interval=0.2)
    return found


def test_a_backup_under_load_has_all_that_was_acknowledged_before(place: Place) -> None:
    """Beside sign-ups, logins and logouts; every account opens, and every ended ticket is dead."""
    with load(place.site) as visitors:
        for number in range(1, 4):
            before = after_work(visitors, number * 50)
            place.back_up("--replace")
        after_work(visitors, before.acknowledged + 1)
    after = acknowledged(visitors)
    place.lose()
    place.restore("--keep-sessions")
    # Whether a session that ended beside the backup is in it as a live one is not known.
    before.live -= after.ended | after.doubtful
    assert before.live and before.ended
    verify(place.site, before)


def test_nothing_in_a_backup_under_load_is_half(place: Place) -> None:
    """What one transaction writes is in it together: no account is without its name."""
    nameless = "SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM account_names)"
    with load(place.site):
        for number in range(5):
            file = place.site.folder / f"copy-{number}.db"
            place.console.do("backup", str(file))
            with closing(sqlite3.connect(file)) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert database.execute(nameless).fetchone() == (0,)


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
    """Also when the database was moved away under it; put back, the server goes on."""
    person = place.site.person()
    place.back_up()
    folder = place.site.database.parent
    folder.rename(folder.with_name("away"))
    folder.mkdir(mode=0o700)
    assert "somebody listens" in place.console.refused("restore", str(place.file))
    assert not list(folder.iterdir())
    folder.rmdir()
    folder.with_name("away").rename(folder)
    wait_until(lambda: person.client.get("/me").status == 200, "the files to be seen again")


def test_a_restore_over_a_database_is_refused(place: Place) -> None:
    person = place.site.person()
    place.back_up()
    assert place.site.process.stop() == 0
    before = place.site.database.read_bytes()
    assert "is there already" in place.console.refused("restore", str(place.file))
    assert place.site.database.read_bytes() == before
    place.site.start()
    assert person.client.get("/me").status == 200


def test_a_backup_at_the_place_of_an_unfinished_restore_is_not_removed(place: Place) -> None:
    """The file that a restore writes to is removed when it is left over; this one is not."""
    place.back_up()
    place.lose()
    unfinished = place.site.database.with_name(place.site.database.name + ".partial")
    unfinished.write_bytes(place.file.read_bytes())
    assert "is there already" in place.console.refused("restore", str(unfinished))
    assert unfinished.read_bytes() == place.file.read_bytes()
    unfinished.unlink()
    place.restore()


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


def test_a_full_disk_keeps_the_backup_that_is_on_it(place: Place, tmp_path: Path) -> None:
    place.site.person()
    with small_disk(tmp_path) as disk:
        file = disk.folder / "backup.db"
        place.console.do("backup", str(file))
        good = file.read_bytes()
        with disk.filled():
            said = place.console.refused("backup", str(file), "--replace")
            assert "full" in said or "No space left" in said
            assert file.read_bytes() == good
        assert not file.with_name("backup.db.partial").exists()
        place.console.do("backup", str(file), "--replace")


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


def usual_duration(run: Callable[[], object]) -> float:
    """The seconds that something takes when the disk is not busy otherwise."""

    def once() -> float:
        start = time.monotonic()
        run()
        return time.monotonic() - start

    return min(once() for _ in range(5))


def test_a_backup_killed_at_any_moment_harms_nothing(place: Place) -> None:
    """The file is the old one or the new one, and the next run removes what is left."""
    place.site.person()
    place.back_up()
    duration = usual_duration(lambda: place.back_up("--replace"))
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

    def restore() -> None:
        place.console.do("restore", str(place.file))
        place.site.database.unlink()

    duration = usual_duration(restore)
    killed = 0
    for _ in range(30):
        killed += run_and_kill(place, duration, "restore")
        if place.site.database.exists():
            # It is whole: it got its name at the end.
            with closing(sqlite3.connect(place.site.database)) as database:
                assert database.execute("SELECT count(*) FROM users").fetchone() == (1,)
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


def test_a_log_that_is_damaged_is_left_as_it_is(place: Place) -> None:
    """SQLite would remove it, and the next start would find the database without it."""
    site = place.site
    for _ in range(3):
        site.person()
    site.kill()
    log = site.database.with_name(site.database.name + "-wal")
    octets = bytearray(log.read_bytes())
    # In the page of the second frame: 32 bytes of header, frames of 24 bytes and a page.
    octets[32 + 24 + 4096 + 24 + 100] ^= 1
    log.write_bytes(octets)
    assert "damaged at frame 2" in place.console.refused("backup", str(place.file))
    assert log.read_bytes() == octets and not place.file.exists()
    log.unlink()
    site.start()
