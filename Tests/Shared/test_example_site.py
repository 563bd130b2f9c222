"""Two machines on the engines of the example, with its settings: what they may do is enough."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.certificates import Authority
from support.command_line import CommandLine, administrator
from support.elsewhere import soon
from support.example import EXAMPLE, PASSWORD
from support.example_postgresql import ExamplePostgreSQL
from support.example_redis import ExampleRedis
from support.machines import Machines
from support.parallel import status_of
from support.program import ROOT, binary, clean_environment, write_settings
from support.waiting import wait_until


class Site:
    """Both engines of the example, and two machines that got their addresses as credentials."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        authority = Authority(folder / "authority")
        self.postgresql = stack.enter_context(ExamplePostgreSQL(authority))
        self.redis = stack.enter_context(ExampleRedis(authority))
        replica = stack.enter_context(ExampleRedis(authority, self.redis))
        self.redis.wait_for_replica()
        wait_until(lambda: "master_link_status:up" in replica.do("INFO", "replication"), "redis2")
        credentials = folder / "credentials"
        credentials.mkdir()
        (credentials / "storage.url").write_text(self.postgresql.example_url() + "\n")
        (credentials / "sessions.url").write_text(self.redis.example_url() + "\n")
        self.environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
        self.redis.do("CONFIG", "RESETSTAT")
        self.redis.do("ACL", "LOG", "RESET")
        settings: dict[str, object] = {"sessions.prefix": "coatcheck", "storage.connections": 8, "session.sweep": "1s"}
        self.machines = Machines.start(
            stack, settings, [PASSWORD], 2, environment=self.environment
        )

    def password(self) -> str:
        """A new password for somebody."""
        return self.machines[0].secrets.password()


@pytest.fixture(scope="module")
def site(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole example, but for the balancer."""
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("site"), stack)


def use_everything(site: Site) -> None:
    """Has Coatcheck do in Redis all that it ever does."""
    one, two = site.machines
    boss, person, other = administrator(one), one.person(), two.person()
    client, second, new = person.client, site.machines.log_in(person, 1), site.password()
    sessions = {session["id"]: session["current"] for session in second.get("/sessions").json()}
    (first,) = [name for name, is_current in sessions.items() if not is_current]
    assert second.request("DELETE", f"/sessions/{first}").status == 204
    assert client.get("/me").status == 401
    assert client.log_in(person.name, person.password).status == 200
    assert second.request("DELETE", "/sessions").status == 204
    answer = second.post_json("/password", {"current": person.password, "new": new})
    assert answer.status == 204
    assert second.post_json("/reauthenticate", {"password": new}).status == 204
    assert second.post_json("/logout", {}).status == 204
    user = f"/users/{other.client.get('/me').json()['id']}"
    for changes in ({"groups": ["staff"]}, {"disabled": True}, {"disabled": False}):
        assert boss.client.request("PATCH", user, json=changes).status == 200
    assert boss.client.request("DELETE", f"{user}/sessions").status == 204
    assert boss.client.request("DELETE", user).status == 204
    person.client, person.password = second, new
    commands = CommandLine(two)
    for end in (["--user", person.name], [], ["--all"]):
        assert second.log_in(person.name, new).status == 200
        end = end or [session["id"] for session in second.get("/sessions").json()]
        commands.do("session", "end", *end)
    assert second.log_in(person.name, new).status == 200


def test_the_user_of_redis_may_do_what_coatcheck_does_and_nothing_else(site: Site) -> None:
    """ASVS 13.2.2: the rights of the example are neither too few nor too many."""
    use_everything(site)
    rules = (EXAMPLE / "redis/users.acl").read_text()
    (own,) = re.findall(r"^user coatcheck on .* -@all (.*)$", rules, re.MULTILINE)
    allowed = {rule.removeprefix("+") for rule in own.split()}
    scripts = (ROOT / "Sources/SharedStorage/Redis/Scripts").glob("*.lua")
    called = {
        name.lower()
        for script in scripts
        for name in re.findall(r"redis\.p?call\(\s*'(\w+)'", script.read_text())
    }
    assert called and called <= allowed

    def unused() -> set[str]:
        given = re.findall(r"^cmdstat_(\S+?):", site.redis.do("INFO", "commandstats"), re.MULTILINE)
        return allowed - set(given) - called

    wait_until(lambda: not unused(), "the use of all that is allowed")
    lines = site.redis.do("ACL", "LOG").splitlines()
    refused = {name for word, name in zip(lines, lines[1:]) if word == "object"}
    # When the server waits for the disk is not told to this user: it could read `masterauth` too.
    assert refused <= {"config|get"}


def test_what_ends_on_one_machine_has_ended_on_the_other(site: Site) -> None:
    one, other = site.machines
    person = one.person()
    cookie = person.client.ticket_cookie
    assert status_of(other, cookie) == 200
    assert person.client.post_json("/logout", {}).status == 204
    soon(other, cookie, 401)


@pytest.mark.parametrize("given", ["nothing", "credentials"])
def test_a_command_without_the_credentials_is_refused(
    site: Site, tmp_path: Path, given: str
) -> None:
    """It does not work on a file of this machine instead."""
    settings = {
        "storage.url": re.sub(rf":{PASSWORD}@", "@", site.postgresql.example_url()),
        "sessions.url": re.sub(rf":{PASSWORD}@", "@", site.redis.example_url()),
        "storage.path": str(tmp_path / "coatcheck.db"),
    }
    write_settings(tmp_path / "coatcheck.yaml", settings)
    environment = site.environment if given == "credentials" else {}
    result = subprocess.run(
        [binary(), "user", "list", "--config", tmp_path / "coatcheck.yaml"],
        **{"capture_output": True, "text": True, "timeout": 60},
        env=clean_environment(**environment),
    )
    if given == "credentials":
        assert result.returncode == 0, result.stderr
    else:
        assert result.returncode == 1 and "denied" in result.stderr, result
    assert not (tmp_path / "coatcheck.db").exists()
