"""The forms of the log, and that nothing a visitor sends forges a line or a field of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import fastcgi
from support.checks import TIME
from support.command_line import CommandLine
from support.curl import NAVIGATION
from support.deployment import Deploy, Deployment
from support.events import EventLog, lines, parse_json, parse_logfmt
from support.names import new_name
from support.response import Response
from support.waiting import wait_until

# What would be a line, a field, a priority of its own, or a command to a terminal.
HOSTILE = (
    'x\n<3>time=2001-01-01T00:00:00Z level=error event=forged user="root"',
    'x" event=forged level=error y="',
    "x event=forged",
    '"},{"event":"forged"}',
    "x\r\n\r\n{\"event\":\"forged\"}",
    "\\\" event=forged \\",
    "\x1b[2J\x1b]0;forged\x07\x7f\x9b31m",
    "a\u2028event=forged\u2029b\u0085c",
    "\x00\x01\x02",
    "<3>forged",
    "=" * 40 + '"' * 40,
    "é" * 3000 + " event=forged",
    "\n" * 5000,
)
NAMES = {
    "sys_startup", "sys_shutdown", "sys_stopped", "user_created", "session_created",
    "authn_login_fail", "authn_login_success", "policy_unknown", "suspicious_cookie",
    "malicious_csrf", "session_logout", "foreign_changes_seen", "authn_login_lock",
}  # fmt: skip
PRIORITIES = {"debug": 7, "info": 6, "notice": 5, "warning": 4, "error": 3}


def a_bit_of_everything(site: Deployment) -> None:
    """Events of several levels."""
    person = site.person()
    guest = site.client()
    assert guest.log_in(person.name, site.secrets.password()).status == 401
    assert guest.get("/me", {"Cookie": "__Host-session=short"}).status == 401
    assert person.client.get("/staff", NAVIGATION).status == 403
    assert person.client.request("POST", "/logout").status == 204


def test_json_is_one_object_of_texts_per_line_with_the_same_names(deploy: Deploy) -> None:
    """ASVS 16.2.4: one format, which a log processor reads."""
    found = []
    for form, parse in (("json", parse_json), ("logfmt", parse_logfmt)):
        site = deploy({"log.level": "debug", "log.format": form})
        log = EventLog(site.log)
        a_bit_of_everything(site)
        new = [parse(line) for line in lines(log.octets())]
        assert all(TIME.fullmatch(line["time"]) for line in new)
        found.append([list(line) for line in new if line["event"] != "foreign_changes_seen"])
    assert found[0] == found[1] and len(found[0]) == 6


@pytest.mark.parametrize("level", ["info", "notice", "warning", "error"])
def test_a_level_holds_back_what_matters_less(deploy: Deploy, level: str) -> None:
    site = deploy({"log.level": level})
    a_bit_of_everything(site)
    levels = {parse_logfmt(line)["level"] for line in lines(site.log.read_bytes())}
    expected = [name for name in PRIORITIES if PRIORITIES[name] <= PRIORITIES[level]]
    assert levels == set(expected) - {"error"}


def journal_variable(path: Path) -> str:
    """The JOURNAL_STREAM with which systemd says that a file is the journal."""
    path.touch()
    information = path.stat()
    return f"{information.st_dev}:{information.st_ino}"


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_the_journal_gets_priorities(tools: None, form: str) -> None:
    """sd-daemon(3): the prefix is read when standard error is the journal's own stream."""
    site = Deployment({"log.level": "debug", "log.format": form})
    site.environment = {"JOURNAL_STREAM": journal_variable(site.log)}
    with site:
        a_bit_of_everything(site)
        found = set()
        for line in lines(site.log.read_bytes()):
            assert line[0] == "<" and line[2] == ">", line
            rest = parse_logfmt(line[3:]) if form == "logfmt" else parse_json(line[3:])
            assert int(line[1]) == PRIORITIES[rest["level"]], line
            found.add(rest["level"])
        assert found == set(PRIORITIES) - {"error"}


@pytest.mark.parametrize("variable", ["", "1:1", "forged", "another file"])
def test_elsewhere_there_are_no_priorities(tools: None, variable: str) -> None:
    """A child inherits the variable, but not always the stream."""
    site = Deployment()
    other = journal_variable(site.folder / "other")
    site.environment = {"JOURNAL_STREAM": other if variable == "another file" else variable}
    with site:
        a_bit_of_everything(site)
        assert {"level"} <= set(parse_logfmt(lines(site.log.read_bytes())[0]))


@pytest.fixture(params=["logfmt", "json", "journal"])
def forged(request: pytest.FixtureRequest, tools: None) -> Iterator[Deployment]:
    """A site whose log is written in one of the three ways."""
    form = "json" if request.param == "json" else "logfmt"
    site = Deployment({"log.level": "debug", "log.format": form}, login_burst=10_000)
    if request.param == "journal":
        site.environment = {"JOURNAL_STREAM": journal_variable(site.log)}
    with site:
        yield site


def read(site: Deployment, octets: bytes) -> list[dict[str, str]]:
    """Every line of a log in the form that the site has; whatever is not one is a failure."""
    found = []
    for line in lines(octets):
        if "JOURNAL_STREAM" in site.environment:
            assert line[0] == "<" and line[1] in "34567" and line[2] == ">", line
            line = line[3:]
        parse = parse_json if site.settings["log.format"] == "json" else parse_logfmt
        found.append(parse(line))
        assert found[-1]["event"] in NAMES, line
        assert list(found[-1])[:3] == ["time", "level", "event"], line
    return found


def strange_login(site: Deployment, text: str) -> tuple[fastcgi.Parameters, bytes]:
    """A failing login whose address and id of the request are a hostile text."""
    body = json.dumps({"username": new_name(), "password": site.secrets.password()}).encode()
    return fastcgi.route("POST", "/login", body, REMOTE_ADDR=text, REQUEST_ID=text), body


def test_what_visitors_send_through_nginx_forges_nothing(forged: Deployment) -> None:
    """ASVS 16.4.1: user agents, names, paths, cookies, hosts, identities, answers' languages."""
    log = EventLog(forged.log)
    client = forged.client()
    count = 0
    for text in HOSTILE:
        short = text[:2000]
        header = "".join(c for c in short if c.isprintable() or c == "\t").encode()[:1500]
        fields = {
            name: header.decode("utf-8", "ignore").encode().decode("latin-1")
            for name in ("User-Agent", "X-Auth-User", "Referer", "Accept", "X-Request-Id")
        } | {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        body = json.dumps({"username": short, "password": short[:60] + "-plinth"}).encode()
        answers: list[Response] = [
            forged.send("POST", path, headers=fields, body=body, source=client.source)
            for path in ("/login", "/signup")
        ]
        assert answers[0].status in (400, 401, 429), str(answers[0])
        assert answers[1].status in (201, 400), str(answers[1])
        cookie = "".join(c for c in short if " " <= c <= "~")[:200]
        forged.send("GET", "/me", headers={"Cookie": f"__Host-session={cookie}"})
        target = "/" + "".join(f"%{octet:02x}" for octet in short.encode()[:600] if octet)
        forged.send("POST", target, headers={"Sec-Fetch-Site": "cross-site"})
        forged.send("POST", "/logout" + target, headers={"Origin": "https://forged.example"})
        count += 1
    found = read(forged, log.octets())
    assert len(found) >= count, "the tries themselves are events"
    assert not any("forged" in value for line in found for value in line.values())


def test_what_the_socket_sends_is_escaped_and_not_lost(forged: Deployment) -> None:
    """Even the peer that is trusted, nginx, cannot bring a line about."""
    log = EventLog(forged.log)
    person = forged.person()
    cookie = person.client.ticket_cookie
    log.octets()
    for text in HOSTILE:
        assert forged.ask(*strange_login(forged, text)).status == 401
        assert forged.ask(fastcgi.check(text, cookie)).status == 403
        found = read(forged, log.octets())
        assert [line["event"] for line in found] == ["authn_login_fail", "policy_unknown"]
        # A parameter ends at a NUL, and an empty id of a request is left out.
        text = text.partition("\x00")[0]
        values = [found[0]["address"], found[0].get("request", ""), found[1]["policy"]]
        for value in values:
            cut = value.endswith("…") and text.startswith(value[:-1]) and len(value) > 100
            assert value == text or cut, value[:80]


def test_the_audit_trail_is_read_line_by_line(deploy: Deploy) -> None:
    """ASVS 16.4.1 again: what the command prints has one line for each that was kept."""
    site = deploy({"throttle.network": 100_000})
    for text in HOSTILE:
        assert site.ask(*strange_login(site, text)).status == 401
    console = CommandLine(site)
    only = ("audit", "list", "--event", "authn_login_fail")
    number = len(HOSTILE)

    def rows() -> list[str]:
        return console.do(*only, "--json").split("\n")[:-1]

    wait_until(lambda: len(rows()) >= number, "the trail to be written")
    printed = console.do(*only).split("\n")
    assert len(printed) == number + 1 and printed[-1] == "", printed
    for line in printed[:-1]:
        when, event, fields = line.split(" ", 2)
        assert (bool(TIME.fullmatch(when)), event) == (True, "authn_login_fail"), line
        assert list(parse_logfmt(fields)) == ["address"]
    addresses = [json.loads(line)["address"] for line in rows()]
    assert len(addresses) == number and all(isinstance(a, str) for a in addresses)


def test_who_calls_a_command_forges_nothing(deploy: Deploy) -> None:
    """The name behind sudo comes from a variable that whoever calls may set."""
    site = deploy()
    evil = "x\n2001-01-01T00:00:00Z user_deleted user=forged"
    site.environment = {"SUDO_USER": evil}
    console = CommandLine(site)
    console.do("user", "add", new_name(), given=site.secrets.password() + "\n")
    printed = console.do("audit", "list", "--event", "user_created")
    (line, end) = printed.split("\n")
    assert end == "" and parse_logfmt(line.split(" ", 2)[2])["by"] == f"console:{evil}", line
    row = json.loads(console.do("audit", "list", "--event", "user_created", "--json"))
    assert row["by"] == f"console:{evil}" and row["address"] == "console"
