"""Loss of power at any moment: what was acknowledged is there, what was ended stays ended.

Promise 3. The program runs under a recorder (support/powerloss), and what the disk could hold is
looked at for places all over the record. COATCHECK_POWER_LIVES says how many programs are recorded,
and COATCHECK_POWER_SEED repeats the choices of a run that failed.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from random import Random

import pytest

from support.deployment import Deployment
from support.powerloss.clients import Client
from support.powerloss.life import CHECKPOINTS, CLIENTS, SETTINGS, Life, Recorded, lived
from support.powerloss.log import ANSWER, BEGIN, CREATE, END, UNLINK, WRITE, Record
from support.powerloss.older import make_first_version
from support.powerloss.served import Served

LIVES = int(os.environ.get("COATCHECK_POWER_LIVES", "1"))
SEED = os.environ.get("COATCHECK_POWER_SEED") or secrets.token_hex(4)
# `PRAGMA synchronous = NORMAL` by its number: commits do not wait for the disk.
NORMAL = "synchronous = FULL=>synchronous =    1"


@pytest.fixture(scope="module", params=range(LIVES))
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The recorded life of a program as it is."""
    return lived(tmp_path_factory.mktemp("life"), f"{SEED}.{request.param}")


def test_what_was_acknowledged_is_there_after_any_loss_of_power(life: Life) -> None:
    """Every change is wholly there, or not there and was not acknowledged; the file is sound."""
    report = life.look(1500)
    assert not report.complaints, report.complaints[:20]
    assert report.images > 1000 and len(life.clients) > 3 * CLIENTS


def test_the_program_starts_on_what_is_left_and_answers_by_it(life: Life) -> None:
    """Live tickets open, ended ones do not, and the last acknowledged password is the right one."""
    report = life.look(12, Served(life.clients, Random(SEED)))
    assert not report.complaints, report.complaints[:20]
    assert report.images > 0


def test_nothing_is_written_behind_a_commit_that_is_not_on_the_disk(life: Life) -> None:
    """Otherwise a commit could be lost from below a later one, which would look like damage."""
    log, waiting, commits, early = -1, False, 0, []
    syncing = set()
    for number, record in enumerate(life.records):
        if record.kind in (CREATE, UNLINK) and record.data.endswith(b"-wal"):
            log, waiting = record.file, False
        elif record.kind == BEGIN and record.file == log:
            syncing.add(record.thread)
        elif record.kind == END and record.file == log:
            waiting = waiting and record.thread not in syncing
        # The head of a frame, and not the page behind it (fileformat2.html, section 4.1).
        elif record.kind == WRITE and record.file == log and (record.offset - 32) % 4120 == 0:
            early += [number] * waiting
            waiting = any(record.data[4:8])
            # A sync that had begun before may have missed it.
            syncing.clear()
            commits += waiting
    assert not early
    assert commits > 100


def test_the_record_holds_what_is_hard_to_survive(life: Life) -> None:
    """Files that are made and removed, a log that begins anew, and answers that share a commit."""
    made = {record.data.decode() for record in life.records if record.kind == CREATE}
    assert {"coatcheck.db", "coatcheck.db-journal", "coatcheck.db-wal"} <= made
    assert any(record.kind == UNLINK for record in life.records)
    logs = {r.file for r in life.records if r.kind == CREATE and r.data.endswith(b"-wal")}
    writes = [r for r in life.records if r.kind == WRITE and r.file in logs]
    # The header of the log is written each time it begins anew.
    beginnings = sum(record.offset == 0 for record in writes)
    assert beginnings > 5
    # Changes that are answered between two syncs of the log were one commit.
    changes = {step.name for client in life.clients for step in client.history.steps}
    shared = since = 0
    for record in life.records:
        if record.kind == END and record.file in logs:
            since = 0
        elif record.kind == ANSWER and record.data.decode().partition("/")[2] in changes:
            since += 1
            shared = max(shared, since)
    assert shared > 1


@pytest.mark.parametrize(
    "fault",
    [
        {"POWERLOSS_SQL": f"{CHECKPOINTS};{NORMAL}"},
        {"POWERLOSS_IGNORE": "files"},
        {"POWERLOSS_IGNORE": "folder"},
    ],
    ids=["commits that do not wait", "no sync of files", "no sync of the folder"],
)
def test_a_program_that_does_not_wait_for_the_disk_is_found_out(
    tmp_path: Path, fault: dict[str, str]
) -> None:
    """Otherwise the tests above would show nothing."""
    report = lived(tmp_path, SEED, **fault).look(200)
    lost = [text for text in report.complaints if "lost since" in text]
    assert len(lost) > 10, report.complaints[:20]


def test_a_first_start_that_loses_power_at_any_place_leaves_a_file_that_opens(
    tmp_path: Path,
) -> None:
    """From the empty folder to the first account, through the steps that make the tables."""
    with Recorded(tmp_path, SEED) as site:
        site.add_client("first").sign_up("first-0")
        life = site.life()
    report = life.look(20 * LIVES, Served(life.clients, Random(SEED)))
    report.complaints += life.look(300 * LIVES).complaints
    assert not report.complaints, report.complaints[:20]


def test_the_step_from_the_first_version_loses_nothing_with_the_power(tmp_path: Path) -> None:
    """Accounts and sessions of the first version are there, whichever step was under way."""
    with Deployment(SETTINGS, with_gateway=False) as site:
        owner = Client(site, "old")
        owner.sign_up("old-0")
        owner.log_in("old-0")
        make_first_version(tmp_path / "old.db", site.database)
    recorded = Recorded(tmp_path, SEED)
    shutil.copy(tmp_path / "old.db", recorded.database)
    with recorded as site:
        client = site.add_client("old")
        account, password = owner.history.now.accounts["old-0"], owner.passwords["old-0", 1]
        client.adopt("old-0", password, account, "old.0", *owner.cookies.values())
        client.log_in("old-0")
        life = site.life()
    # It was acknowledged long before the record begins.
    life.records.insert(0, Record(ANSWER, 0, 0, 0, b"/old.0"))
    report = life.look(20 * LIVES, Served([client], Random(SEED)))
    assert not report.complaints, report.complaints[:20]
    assert report.images > 5
