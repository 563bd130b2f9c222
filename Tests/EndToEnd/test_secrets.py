"""After everything was done: no password, ticket, link or device cookie where it must not be."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from support import fastcgi
from support.checks import PUBLIC_ID
from support.command_line import CommandLine, administrator
from support.curl import FETCH, HTML, NAVIGATION, Curl
from support.deployment import Deploy, Deployment
from support.disguises import digest_forms, encodings, token_forms
from support.names import new_name
from support.program import binary, clean_environment
from support.response import Response
from support.waiting import wait_until

TOKEN_COOKIES = ("__Host-session", "__Host-device")


@dataclass
class Lived:
    """A site at which everything was done, and what was secret about it."""

    site: Deployment
    console: CommandLine
    passwords: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    answers: list[Response] = field(default_factory=list)

    def password(self) -> str:
        """A password that is looked for later."""
        password = self.site.secrets.password()
        self.passwords.add(password)
        return password

    def token(self, token: str) -> str:
        """A token that is looked for later."""
        assert len(token) == 43
        self.tokens.add(self.site.secrets.add(token))
        return token

    def kept(self, client: Curl, answer: Response, status: int) -> Response:
        """An answer that must have a status; its cookies are looked for later."""
        assert answer.status == status, str(answer)
        for name in TOKEN_COOKIES:
            if name in client.cookies:
                self.token(client.cookies[name])
        self.answers.append(answer)
        return answer

    def found_in(self, content: bytes, digests: bool = True) -> list[str]:
        """Which kinds of secrets stand in some bytes, in whatever form."""
        forms = {form for password in self.passwords for form in encodings(password)}
        kinds = ["a password"] if any(form in content for form in forms) else []
        forms = {form for token in self.tokens for form in token_forms(token)}
        kinds += ["a token"] if any(form in content for form in forms) else []
        forms = {form for token in self.tokens for form in digest_forms(token)}
        kinds += ["a digest"] if digests and any(form in content for form in forms) else []
        return kinds


def log_in_and_out(lived: Lived) -> None:
    """The ways of a person: sign-up, login, proofs, password change, devices, logout, deletion."""
    client, name, password = lived.site.client(), new_name(), lived.password()
    lived.kept(client, client.sign_up(name, password), 201)
    laptop = lived.site.client()
    lived.kept(laptop, laptop.log_in(name, lived.password()), 401)
    lived.kept(laptop, laptop.log_in(name, password, remember=True), 200)
    proof = {"password": password}
    lived.kept(client, client.post_json("/reauthenticate", proof), 204)
    change = {"current": lived.password(), "new": lived.password()}
    lived.kept(client, client.post_json("/password", change), 400)
    new = lived.password()
    change = {"current": password, "new": new}
    lived.kept(client, client.post_json("/password", change), 204)
    lived.kept(laptop, laptop.get("/me"), 401)
    for path in ("/me", "/sessions", "/account/data"):
        lived.kept(client, client.get(path), 200)
    lived.kept(client, client.get("/account", NAVIGATION), 200)
    lived.kept(client, client.request("DELETE", "/sessions"), 204)
    old = {"Cookie": client.ticket_cookie}
    lived.kept(client, client.request("POST", "/logout"), 204)
    lived.kept(client, client.get("/me", old), 401)
    lived.kept(client, client.get("/dashboard", old | NAVIGATION), 303)
    lived.kept(client, client.log_in(name, new), 200)
    lived.kept(client, client.request("DELETE", "/account"), 204)


def administer(lived: Lived) -> None:
    """The ways of an administrator and of the command line, links among them."""
    site = lived.site
    admin = administrator(site)
    lived.passwords.add(admin.password)
    for name in TOKEN_COOKIES:
        lived.token(admin.client.cookies[name])
    answer = admin.client.post_json("/users", {"username": new_name()})
    assert answer.status == 201
    made = answer.json()
    links = [made["link"]["url"]]
    links.append(admin.client.post_json(f"/users/{made['id']}/link", {}).json()["url"])
    name = new_name()
    said = lived.console.do("user", "add", name, "--link")
    links.append(next(word for word in said.split() if "token=" in word))
    tokens = [lived.token(parse_qs(urlsplit(link).query)["token"][0]) for link in links]
    guest = site.client()
    page = guest.get(f"/set-password?token={tokens[1]}", NAVIGATION)
    assert page.status == 200 and tokens[1] in page.text, "the form needs it"
    weak = {"token": tokens[1], "password": "short"}
    lived.kept(guest, guest.post_json("/set-password", weak), 400)
    # The first link died with the use of the second.
    for token in tokens[1:]:
        body = {"token": token, "password": lived.password()}
        lived.kept(guest, guest.post_json("/set-password", body), 204)
        lived.kept(guest, guest.post_json("/set-password", body), 404)
        lived.kept(guest, guest.post_form("/set-password", body, HTML), 404)
    lived.kept(guest, guest.get(f"/set-password?token={tokens[0]}", NAVIGATION), 404)
    lived.console.do("user", "passwd", name, given=lived.password() + "\n")
    lived.console.refused("user", "add", name, given=lived.password() + "\n")


def make_mistakes(lived: Lived) -> None:
    """Secrets where they do not belong, and requests that fail with secrets in them."""
    site, person = lived.site, lived.site.person()
    lived.passwords.add(person.password)
    ticket = lived.token(person.client.cookies["__Host-session"])
    device = lived.token(person.client.cookies["__Host-device"])
    guest, secret = site.client(), lived.password()
    # Typed into the wrong field, sent twice, cut off, to the wrong place.
    lived.kept(guest, guest.log_in(secret, secret), 401)
    lived.kept(guest, guest.post_json("/login", {"username": "x", "password": [secret]}), 400)
    lived.kept(guest, guest.post_json("/login", {"username": {secret: 1}}), 400)
    pairs = [("username", "x"), ("password", secret), ("password", secret)]
    lived.kept(guest, guest.post_form("/login", pairs), 400)
    raw = json.dumps({"username": "x", "password": secret})[:-1].encode()
    headers = {"Content-Type": "application/json"}
    lived.kept(guest, guest.request("POST", "/login", data=raw, headers=headers), 400)
    lived.kept(guest, guest.request("POST", "/login", data=raw), 415)
    big = {"username": "x", "password": secret * 4000}
    lived.kept(guest, guest.post_json("/login", big), 413)
    # Cookies under wrong names, twice, with a tail, in checks, from other sites.
    cookie = f"__Host-session={ticket}"
    for value in (f"{cookie}; {cookie}", f"{cookie}x", f"__Host-session={device}; other={ticket}"):
        lived.kept(guest, guest.get("/me", {"Cookie": value}), 401)
        lived.kept(guest, guest.get("/dashboard", {"Cookie": value} | FETCH), 401)
    evil = {"Cookie": cookie, "Origin": "https://evil.example"}
    lived.kept(guest, guest.request("POST", "/logout", headers=evil), 403)
    for policy in ("user", "admin", "nothing"):
        site.ask(fastcgi.check(policy, cookie))
    # In the path of a request, as an id, and as a token of another kind.
    # Straight to the program: nginx logs the paths that it is asked for.
    wrong = [("DELETE", f"/sessions/{ticket}"), ("GET", f"/{ticket}?{secret}={device}")]
    for method, path in wrong:
        answer = site.ask(fastcgi.route(method, path, HTTP_COOKIE=cookie))
        lived.kept(guest, answer, 404)
    lived.kept(guest, guest.post_json("/set-password", {"token": ticket, "password": secret}), 404)
    for _ in range(12):
        guest.log_in(person.name, lived.password())


@pytest.fixture(scope="module")
def lived(tools: None) -> Iterator[Lived]:
    """A site at which all of it was done, with the log at its most talkative."""
    with Deployment({"log.level": "debug"}, login_burst=10_000) as site:
        lived = Lived(site, CommandLine(site))
        log_in_and_out(lived)
        administer(lived)
        make_mistakes(lived)
        assert len(lived.tokens) > 8 and len(lived.passwords) > 20
        yield lived


def test_the_search_finds_what_is_there(lived: Lived) -> None:
    """The other tests would prove little if it found nothing anywhere."""
    for token in lived.tokens:
        for form in token_forms(token) | digest_forms(token):
            assert lived.found_in(b"before " + form + b" behind"), form
    password = next(iter(lived.passwords))
    for form in encodings(password):
        assert lived.found_in(form) == ["a password"], form
    for length in range(3):
        hidden = base64.b64encode(b"n" * length + f":{password}@".encode())
        assert lived.found_in(hidden) == ["a password"], hidden


def test_none_is_in_a_log(lived: Lived) -> None:
    """ASVS 16.2.5: not even the digest of a token; sessions are named by public ids."""
    assert len(lived.site.logs) >= 3
    for log in lived.site.logs:
        assert not lived.found_in(log.read_bytes()), log.name
    assert PUBLIC_ID.search(lived.site.log.read_text())


def test_none_is_in_the_audit_trail(lived: Lived) -> None:
    site = lived.site
    last = site.person().client.get("/me").json()["id"]
    wait_until(lambda: lived.console.do("audit", "list", "--user", last), "the trail", timeout=5.0)
    for options in ((), ("--json",)):
        printed = lived.console.do("audit", "list", "--limit", "100000", *options)
        assert printed.count("\n") > 40
        assert not lived.found_in(printed.encode())


def test_none_is_in_the_metrics_or_in_an_answer(lived: Lived) -> None:
    """ASVS 16.5.1: what is sent back when something fails repeats no secret."""
    metrics = lived.site.send("GET", "/metrics")
    assert metrics.status == 200 and not lived.found_in(metrics.body)
    failed = [answer for answer in lived.answers if answer.status >= 400]
    assert len(failed) > 25
    for answer in lived.answers:
        fields = "\n".join(v for k, v in answer.headers if k.lower() != "set-cookie")
        assert not lived.found_in(answer.body + fields.encode()), str(answer)


def test_none_is_in_a_page_that_shows_the_form_again(lived: Lived) -> None:
    """ASVS 14.2.1 and CS-Auth: a page repeats what was typed, passwords aside."""
    client, person = lived.site.client(), lived.site.person()
    typed = {"username": new_name(), "password": lived.password(), "next": "/dashboard"}
    for path, more in (("/login", {}), ("/signup", {"username": person.name})):
        answer = client.post_form(path, typed | more, HTML)
        assert answer.status in (401, 409) and (typed | more)["username"] in answer.text
        assert not lived.found_in(answer.body)
    change = {"current": lived.password(), "new": lived.password()}
    answer = person.client.post_form("/password", change, HTML)
    assert answer.status == 400 and not lived.found_in(answer.body)


def test_none_is_told_by_what_looks_at_settings_and_accounts(lived: Lived) -> None:
    console, name = lived.console, new_name()
    console.do("user", "add", name, given=lived.password() + "\n")
    for command in (
        ("config", "dump"),
        ("config", "check"),
        ("user", "list"),
        ("user", "list", "--json"),
        ("user", "show", name),
        ("session", "list", name),
    ):
        outcome = console.run(*command)
        assert outcome.status == 0, outcome
        assert not lived.found_in((outcome.output + outcome.error).encode()), command
        assert "$argon2" not in outcome.output, "nor the hash of a password"


def test_none_is_in_the_arguments_or_environment_of_a_process(lived: Lived) -> None:
    """ASVS 13.3.1: other people on the machine read both in /proc."""
    password = lived.password()
    command = [binary(), "user", "add", "--config", lived.site.settings_file, new_name()]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=clean_environment()
    )
    assert child.stdin is not None
    child.stdin.write(password.encode()[:10])
    child.stdin.flush()
    wait_until(lambda: told(child.pid, "cmdline").count(b"\0") == len(command), "the command")
    seen = told(child.pid, "cmdline") + told(child.pid, "environ")
    child.stdin.write(password.encode()[10:] + b"\n")
    child.stdin.close()
    assert child.wait(20) == 0
    assert not lived.found_in(seen) and password[:10].encode() not in seen
    pid = lived.site.process.pid
    assert not lived.found_in(told(pid, "cmdline") + told(pid, "environ"))


def told(pid: int, file: str) -> bytes:
    """What everybody, or the owner, can read of a process."""
    return Path(f"/proc/{pid}/{file}").read_bytes()


def test_none_is_in_clear_in_the_database(lived: Lived) -> None:
    """Promise 1, ASVS 11.4.2 and CS-Forgot: digests of tokens, and hashes of passwords."""
    files = [p for p in lived.site.database.parent.iterdir() if p.is_file()]
    assert {p.name for p in files} >= {"coatcheck.db", "coatcheck.db-wal"}
    content = b"".join(path.read_bytes() for path in files)
    assert b"$argon2id$" in content
    assert not lived.found_in(content, digests=False)
    assert "a digest" in lived.found_in(content), "this is how tickets are known again"


def test_none_was_left_in_a_file_anywhere(lived: Lived) -> None:
    """Bodies, cores, temporary files: everything that program and nginx wrote."""
    site = lived.site
    keep = set(site.database.parent.iterdir())
    for path in site.folder.rglob("*"):
        if path.is_file() and path not in keep:
            assert not lived.found_in(path.read_bytes()), path.name
    assert not list(site.folder.rglob("core*"))


@pytest.mark.parametrize("mount", ["", "/auth"])
def test_a_links_secret_is_in_no_log_of_nginx_while_the_program_is_away(
    deploy: Deploy, mount: str
) -> None:
    """ASVS 14.2.1: the request line stands in nginx's error log when its upstream is not there."""
    site = deploy({}, mount=mount)
    said = CommandLine(site).do("user", "add", new_name(), "--link")
    token = next(word for word in said.split() if "token=" in word).partition("token=")[2]
    client = site.client()
    for prefix in ("", "/api"):
        path = f"{prefix}/set-password?token={token}"
        assert client.get(path).status in (200, 404, 405)
    site.kill()
    assert client.get(f"/set-password?token={token}").status == 503
    other = "/login?next=%2Fseen-in-the-error-log"
    assert client.get(other).status == 503
    site.start()
    assert site.gateway is not None
    logs = {path.name: path.read_text() for path in site.gateway.logs}
    assert "seen-in-the-error-log" in logs["error.log"], "the log is written at all"
    assert not [name for name, text in logs.items() if token in text]
