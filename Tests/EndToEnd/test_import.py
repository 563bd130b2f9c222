"""Accounts that come from another system: taken over by the command line, used through nginx."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sqlite3
import subprocess
import threading

import pytest

from support.command_line import CommandLine
from support.deployment import Deployment
from support.names import new_name


def htpasswd(name: str, password: str, *options: str) -> str:
    """A line that Apache's own program makes; the password goes through standard input."""
    result = subprocess.run(
        ["htpasswd", "-ni", *options, name],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip() + "\n"


def stored_hash(site: Deployment, name: str) -> str:
    """The hash of an account as the database has it."""
    with sqlite3.connect(f"file:{site.database}?mode=ro", uri=True) as database:
        query = "SELECT password_hash FROM users WHERE username = ?"
        (text,) = database.execute(query, [name]).fetchone()
    return str(text)


def b64(data: bytes) -> str:
    """Base64 without padding."""
    return base64.b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    "options",
    [["-B", "-C", "10"], ["-2"], ["-5"], ["-5", "-r", "20000"], ["-m"], ["-s"]],
    ids=["bcrypt", "sha256", "sha512", "sha512-rounds", "apr1", "sha1"],
)
def test_an_htpasswd_file_made_by_apache_logs_in(site: Deployment, options: list[str]) -> None:
    """ASVS 11.4.2: each format of htpasswd is compared, and replaced by Argon2id at the login."""
    name, password = new_name(), site.secrets.password()
    line = htpasswd(name, password, *options)
    console = CommandLine(site)
    assert console.do("user", "import", "-", given=line) == "Imported 1 accounts.\n"
    before = stored_hash(site, name)
    assert line.strip() == f"{name}:{before}"

    assert site.client().log_in(name, password + "x").status == 401
    assert stored_hash(site, name) == before, "a wrong password replaces nothing"
    client = site.client()
    assert client.log_in(name, password).status == 200
    assert client.get("/me").json()["username"] == name
    after = stored_hash(site, name)
    assert after.startswith("$argon2id$")
    assert site.client().log_in(name, password + "x").status == 401
    assert site.client().log_in(name, password).status == 200
    assert stored_hash(site, name) == after, "it is replaced once"
    assert client.get("/me").status == 200, "the same password: its sessions go on"


def test_json_lines_with_hashes_of_other_systems_log_in(site: Deployment) -> None:
    """scrypt and PBKDF2 in PHC form, groups and addresses, from OpenSSL's own functions."""
    password, salt = site.secrets.password(), os.urandom(16)
    secret = password.encode()
    hashes = [
        "$scrypt$ln=14,r=8,p=1$%s$%s"
        % (b64(salt), b64(hashlib.scrypt(secret, salt=salt, n=1 << 14, r=8, p=1, dklen=32))),
        "$pbkdf2-sha256$i=20000$%s$%s"
        % (b64(salt), b64(hashlib.pbkdf2_hmac("sha256", secret, salt, 20000))),
        "$pbkdf2-sha512$20000$%s$%s"
        % (
            b64(salt).replace("+", "."),
            b64(hashlib.pbkdf2_hmac("sha512", secret, salt, 20000)).replace("+", "."),
        ),
    ]
    people = [(new_name(), text) for text in hashes]
    lines = [
        {"username": name, "email": f"{name}@example.org", "passwordHash": text, "groups": ["g"]}
        for name, text in people
    ]
    CommandLine(site).do("user", "import", "-", given="\n".join(map(json.dumps, lines)))
    for name, _ in people:
        client = site.client()
        assert client.log_in(f"{name}@example.org", password).status == 200
        assert client.get("/me").json()["groups"] == ["g"]
        assert stored_hash(site, name).startswith("$argon2id$")


def test_everything_or_nothing(site: Deployment) -> None:
    """A file with one wrong line changes nothing and says which line and why."""
    console, name, taken = CommandLine(site), new_name(), site.person().name
    good = htpasswd(name, "x" * 12, "-m")
    absurd = "costly:$2y$31$" + "c" * 53 + "\n"
    error = console.refused("user", "import", "-", given=good + absurd + "nonsense\n")
    assert "line 2: The password hash costs too much" in error
    assert "line 3: There is no colon" in error
    assert good.strip().split(":")[1] not in error and "c" * 53 not in error
    error = console.refused("user", "import", "-", given=good + htpasswd(taken.upper(), "x", "-m"))
    assert "line 2: The name or the email address is that of an account" in error
    assert name not in console.do("user", "list")
    assert console.run("user", "import", "-", given=absurd).status == 1


def test_a_dry_run_checks_all_and_changes_nothing(site: Deployment) -> None:
    """The same report as the import itself, without it."""
    console, name, taken = CommandLine(site), new_name(), site.person().name
    good, clash = htpasswd(name, "x" * 12, "-m"), htpasswd(taken, "x", "-m")
    expected = "1 accounts can be imported. Nothing was changed.\n"
    assert console.do("user", "import", "-", "--dry-run", given=good) == expected
    error = console.refused("user", "import", "--dry-run", "-", given=good + clash)
    assert error == console.refused("user", "import", "-", given=good + clash)
    both = console.refused("user", "import", "--dry-run", "-", given="bad\n" + good + clash)
    assert "line 1: There is no colon" in both and "line 3: The name or the email" in both
    assert name not in console.do("user", "list")


def test_an_import_is_in_the_audit_trail_without_its_secrets(site: Deployment) -> None:
    """ASVS 16.2.1: who imported how many; no hash in it."""
    console = CommandLine(site)
    lines = [htpasswd(new_name(), "x" * 12, "-m") for _ in range(3)]
    console.do("user", "import", "-", given="".join(lines))
    trail = console.do("audit", "list")
    assert "users_imported" in trail and "count=3" in trail
    assert not any(line.strip().split(":")[1] in trail for line in lines)


def test_checks_go_on_during_an_import(site: Deployment) -> None:
    """Sessions are checked as ever while twenty thousand accounts are written."""
    person = site.person()
    hash_text = htpasswd("x", "y" * 12, "-m").strip().split(":")[1]
    prefix = new_name()
    text = "".join(f"{prefix}{number}:{hash_text}\n" for number in range(20_000))
    statuses: list[int] = []
    over = threading.Event()

    def check() -> None:
        while not over.is_set():
            statuses.append(person.client.get("/dashboard").status)

    checker = threading.Thread(target=check)
    checker.start()
    try:
        output = CommandLine(site).do("user", "import", "-", given=text)
    finally:
        over.set()
        checker.join()
    assert output == "Imported 20000 accounts.\n"
    assert statuses and set(statuses) == {200}
