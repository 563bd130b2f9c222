"""The systemd units: free of mistakes, as hardened as promised, and with room to hash.

They are looked at offline, in a copy of their own, so no service manager need be running.
"""

import pathlib
import re
import shutil
import subprocess

import pytest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
UNITS = [
    *("coatcheck.service", "coatcheck.socket"),
    *("coatcheck-backup.service", "coatcheck-backup.timer"),
]

# Argon2id's memory per hash and the hashes at a time: the defaults of password.memory (KiB)
# and password.lanes.
HASH_KIB = 19456
HASHES_AT_ONCE = 2


@pytest.fixture
def units(tmp_path):
    """A copy of the units whose program is one that exists here: verify looks for it."""
    for name in UNITS:
        shutil.copy(DEPLOY / name, tmp_path)
    service = tmp_path / "coatcheck.service"
    text, replaced = re.subn(r"^ExecStart=/usr/bin/coatcheck ", "ExecStart=/bin/true ",
                             service.read_text(), flags=re.MULTILINE)
    assert replaced == 1, "the service starts /usr/bin/coatcheck once"
    service.write_text(text)
    return tmp_path


def run(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


def assert_verified(folder):
    # verify ends with 0 when a key is unknown and only prints a line: any line is a failure.
    result = run("systemd-analyze", "verify", *(f"./{name}" for name in UNITS), cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")


def test_systemd_finds_no_fault_in_the_units(units):
    assert_verified(units)


def test_a_misspelt_key_would_be_noticed(units):
    service = units / "coatcheck.service"
    service.write_text(service.read_text().replace("ProtectHome=", "ProtectHomes="))
    with pytest.raises(AssertionError):
        assert_verified(units)


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_service_is_exposed_by_no_more_than_1_5(units, name):
    # The threshold is in tenths: 15 is 1.5.
    result = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                 "--threshold=15", f"./{name}", cwd=units)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_socket_is_for_nginx_and_nobody_else():
    text = (DEPLOY / "coatcheck.socket").read_text()
    for line in ["SocketUser=root", "SocketGroup=www-data", "SocketMode=0660"]:
        assert line in text.splitlines()


def test_memory_max_leaves_room_for_every_hash():
    text = (DEPLOY / "coatcheck.service").read_text()
    mebibytes = int(re.search(r"^MemoryMax=(\d+)M$", text, re.MULTILINE)[1])
    assert mebibytes * 1024 >= 4 * HASHES_AT_ONCE * HASH_KIB


def test_the_account_is_made_by_sysusers(tmp_path):
    (tmp_path / "etc").mkdir()
    result = run("systemd-sysusers", f"--root={tmp_path}", str(DEPLOY / "coatcheck.sysusers"))
    assert result.returncode == 0, result.stderr
    account = (tmp_path / "etc/passwd").read_text()
    assert re.search(r"^coatcheck:.*:/var/lib/coatcheck:/usr/sbin/nologin$", account, re.MULTILINE)


def test_each_day_of_the_week_has_a_backup_of_its_own(tmp_path):
    """The command of the unit, with another program and folder in place of ours."""
    text = (DEPLOY / "coatcheck-backup.service").read_text()
    command = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", text, re.MULTILINE)[1]
    command = command.replace("$$", "$").replace("%%", "%").replace("/usr/bin/coatcheck", "echo")
    result = run("/bin/sh", "-c", command)
    assert re.fullmatch(r"backup .* --replace /var/backups/coatcheck/[1-7]\.db\n", result.stdout)


def test_the_folder_of_the_backups_is_there_and_for_coatcheck_alone():
    lines = (DEPLOY / "coatcheck.tmpfiles").read_text().splitlines()
    assert "d /var/backups/coatcheck 0700 coatcheck coatcheck -" in lines
    service = (DEPLOY / "coatcheck-backup.service").read_text().splitlines()
    assert "ReadWritePaths=/var/backups/coatcheck" in service


def test_the_backups_are_made_every_night_also_those_that_were_missed():
    timer = (DEPLOY / "coatcheck-backup.timer").read_text().splitlines()
    assert {"Persistent=true", "RandomizedDelaySec=1h", "WantedBy=timers.target"} <= set(timer)
    (calendar,) = [line.partition("=")[2] for line in timer if line.startswith("OnCalendar=")]
    result = run("systemd-analyze", "calendar", "--iterations=2", calendar)
    assert result.returncode == 0, result.stderr
