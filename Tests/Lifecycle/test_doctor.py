"""`coatcheck doctor`: a sound site is called sound, and each thing that is broken is named."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.deployment import Deploy, Deployment
from support.program import binary, clean_environment, write_settings

LINE = re.compile(r"(ok|warning|problem) +\S.*|         mend: \S.*")


class Report:
    """What the doctor said, and its exit status."""

    def __init__(self, result: subprocess.CompletedProcess[str]) -> None:
        self.status = result.returncode
        self.text = result.stdout
        self.complaint = result.stderr
        strange = [line for line in self.text.splitlines() if not LINE.fullmatch(line)]
        assert not strange, f"not findings: {strange}"
        assert "Fatal error" not in self.complaint

    @property
    def problems(self) -> list[str]:
        """The problems, without how to mend them."""
        lines = self.text.splitlines()
        found = [line.split(maxsplit=1)[1] for line in lines if line.startswith("problem")]
        followers = [b for a, b in zip(lines, lines[1:] + [""]) if a.startswith("problem")]
        assert all(line.lstrip().startswith("mend: ") for line in followers), self.text
        return found

    def assert_names(self, *parts: str) -> None:
        """There is a problem with each of the parts, and the status says so."""
        for part in parts:
            assert any(part in problem for problem in self.problems), f"{part}?\n{self.text}"
        assert self.status == 1, self.text


def examine(
    deployment: Deployment, *more: str | Path, file: Path | None = None, **environment: str
) -> Report:
    """Runs the doctor on a deployment."""
    command = [binary(), "doctor", "--config", file or deployment.settings_file, *more]
    return Report(
        subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            env=clean_environment(**environment),
        )
    )


def visit(deployment: Deployment, *more: str, url: str = "") -> Report:
    """Runs the doctor on a deployment and its site."""
    return examine(
        deployment, "--url", url or deployment.base + deployment.mount, "--insecure", *more
    )


def changed(deployment: Deployment, **settings: object) -> Path:
    """A settings file that differs from the one that is served."""
    file = deployment.folder / "changed.yaml"
    write_settings(file, deployment.settings | settings)
    return file


@pytest.fixture(scope="module")
def healthy(tools: None) -> Iterator[Deployment]:
    """A site in which nothing is wrong, shared by tests that break nothing."""
    with Deployment() as deployment:
        yield deployment


def test_a_sound_site_has_no_problem(healthy: Deployment) -> None:
    healthy.person()
    report = visit(healthy)
    assert (report.problems, report.status) == ([], 0), report.text
    for part in (
        "storage: ", "socket: ", "coatcheck: it answers", "made-up ticket", "login page",
        "headers: ", "cookie: __Host-session", "login: a made-up name", "X-Auth-User",
        "_coatcheck/user", "clock: ",
    ):
        assert part in report.text, f"{part}?\n{report.text}"


def test_a_sound_site_below_a_mount_has_no_problem(deploy: Deploy) -> None:
    report = visit(deploy(mount="/auth"))
    assert (report.problems, report.status) == ([], 0), report.text
    assert "__Secure-session" in report.text
    assert "cookie.path: /" in report.text, "guarded places outside of the mount are mentioned"


def test_the_doctor_changes_nothing(healthy: Deployment) -> None:
    person = healthy.person()
    before = healthy.database.stat()
    visit(healthy)
    assert person.client.get("/me").status == 200
    after = healthy.database.stat()
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)


def test_without_a_url_it_looks_as_far_as_the_socket(healthy: Deployment) -> None:
    report = examine(healthy)
    assert report.status == 0, report.text
    assert "--url" in report.text


def test_a_mistake_in_the_settings_ends_it_with_78(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("nonsense: 1\n")
    result = subprocess.run(
        [binary(), "doctor", "--config", file],
        capture_output=True, text=True, timeout=20, env=clean_environment(),
    )
    assert result.returncode == 78
    assert "nonsense" in result.stderr and str(file) in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "localhost", "ftp://localhost", "https://", "https://user@localhost", "-K/etc/passwd",
        "https://localhost/?a", "https://localhost/a//b", "https://localhost\r\nX: y",
    ],
)
def test_a_url_that_is_none_is_refused(healthy: Deployment, url: str) -> None:
    report = examine(healthy, f"--url={url}")
    assert report.status == 64
    assert "--url" in report.complaint


# Storage


def test_a_missing_database_is_named_and_not_made(healthy: Deployment) -> None:
    missing = healthy.folder / "data" / "elsewhere.db"
    report = examine(healthy, file=changed(healthy, **{"storage.path": str(missing)}))
    report.assert_names(f"no database at {missing}")
    assert not missing.exists()


def test_a_folder_out_of_reach_is_named(deploy: Deploy) -> None:
    """Whoever may not look must not be told that there is no database."""
    deployment = deploy(with_gateway=False)
    deployment.folder.chmod(0o755)
    deployment.database.parent.chmod(0o000)
    somebody = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    try:
        result = subprocess.run(
            [binary(), "doctor", "--config", deployment.settings_file],
            capture_output=True, text=True, timeout=20, env=clean_environment(),
            **(somebody if os.geteuid() == 0 else {}),
        )
    finally:
        deployment.database.parent.chmod(0o700)
    Report(result).assert_names("may not look into")


def test_a_missing_folder_is_named(healthy: Deployment) -> None:
    missing = healthy.folder / "nowhere" / "c.db"
    report = examine(healthy, file=changed(healthy, **{"storage.path": str(missing)}))
    report.assert_names("the folder of")


@pytest.mark.parametrize("what", ["text", "another program", "damaged"])
def test_a_database_that_cannot_be_used_is_named(deploy: Deploy, what: str) -> None:
    deployment = deploy(with_gateway=False)
    assert deployment.process.stop() == 0
    database = deployment.database
    if what == "text":
        database.write_text("not a database, and somebody's only copy " * 200)
    elif what == "another program":
        database.unlink()
        subprocess.run(["sqlite3", database, "CREATE TABLE precious (x)"], check=True)
    else:
        content = bytearray(database.read_bytes())
        content[4096 * 2 : 4096 * 4] = b"\xee" * 8192
        database.write_bytes(content)
    before = database.read_bytes()
    report = examine(deployment)
    report.assert_names("damaged" if what == "damaged" else "cannot be read")
    assert database.read_bytes() == before


def test_a_database_that_others_may_read_is_named(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    deployment.database.chmod(0o644)
    examine(deployment).assert_names("everybody on this machine may use")


def test_a_time_from_the_future_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.person()
    statement = "UPDATE sessions SET last_seen_at = last_seen_at + 86400"
    subprocess.run(["sqlite3", deployment.database, statement], check=True)
    examine(deployment).assert_names("clock: storage holds a time")


# The socket and the program


def test_a_stopped_program_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    assert deployment.process.stop() == 0
    report = visit(deployment)
    report.assert_names("nobody listens", "gets no answer from Coatcheck")
    deployment.socket.unlink()
    examine(deployment).assert_names("nothing at")


@pytest.mark.parametrize(
    ("mode", "part"), [(0o666, "everybody on this machine may connect"), (0o600, "may not connect")]
)
def test_a_wrong_mode_of_the_socket_is_named(deploy: Deploy, mode: int, part: str) -> None:
    """0600 is wrong for nginx of another user; nginx of root would get through it."""
    deployment = deploy(with_gateway=False)
    deployment.socket.chmod(mode)
    report = examine(deployment)
    if mode == 0o600 and any_nginx_of_root():
        assert report.status == 0, report.text
    else:
        report.assert_names(part)


def any_nginx_of_root() -> bool:
    """Whether some nginx of root runs here, also one of other tests, and none of another user."""
    owners = set()
    for entry in Path("/proc").iterdir():
        try:
            if (entry / "comm").read_text() == "nginx\n":
                owners.add(entry.stat().st_uid)
        except (OSError, NotADirectoryError):
            continue
    return owners == {0}


def test_something_else_in_the_place_of_the_socket_is_named(healthy: Deployment) -> None:
    place = healthy.folder / "precious"
    place.write_text("precious")
    report = examine(healthy, file=changed(healthy, **{"socket.path": str(place)}))
    report.assert_names("is no socket")


@pytest.mark.parametrize(
    "answer", [b"", b"220 mail ready\r\n", b"\x01\x03\x00\x01\x00\x00\x00\x00"]
)
def test_another_program_on_the_socket_is_named(healthy: Deployment, answer: bytes) -> None:
    place = healthy.folder / f"foreign-{len(answer)}.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as foreign:
        foreign.bind(str(place))
        foreign.listen()
        file = changed(healthy, **{"socket.path": str(place)})
        process = subprocess.Popen(
            [binary(), "doctor", "--config", file],
            stdout=subprocess.PIPE, text=True, env=clean_environment(),
        )
        connection, _ = foreign.accept()
        with connection:
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "is not Coatcheck" in output or "does not answer" in output, output


# nginx


def test_a_dead_nginx_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    assert deployment.gateway is not None
    deployment.gateway.stop()
    visit(deployment).assert_names("nobody listens there")


def test_a_certificate_that_is_not_trusted_is_named_and_the_rest_looked_at(
    healthy: Deployment,
) -> None:
    report = examine(healthy, "--url", healthy.base)
    report.assert_names("do not trust the certificate")
    assert len(report.problems) == 1, report.text
    assert "cookie: __Host-session" in report.text


def test_a_port_without_tls_is_named(healthy: Deployment) -> None:
    """A server that speaks something else: a listener that hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        process = subprocess.Popen(
            [
                *(binary(), "doctor", "--config", healthy.settings_file),
                f"--url=https://127.0.0.1:{port}",
            ],
            stdout=subprocess.PIPE, text=True, env=clean_environment(),
        )
        connection, _ = plain.accept()
        with connection:
            connection.sendall(b"220 mail ready\r\n")
            connection.recv(4096)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "TLS fails" in output or "ends without an answer" in output, output


def test_a_wrong_mount_is_named(deploy: Deploy) -> None:
    deployment = deploy(mount="/auth")
    visit(deployment, url=deployment.base).assert_names("no login at")


def test_a_mount_of_nginx_that_its_locations_contradict_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    old, new = 'set $coatcheck_mount "";', "set $coatcheck_mount /login;"
    edit(deployment, "coatcheck-routes.conf", old, new)
    report = visit(deployment)
    assert report.status == 1, report.text
    assert any("nginx: " in problem for problem in report.problems)


def edit(deployment: Deployment, snippet: str, old: str, new: str) -> None:
    """Changes a snippet and starts nginx again."""
    assert deployment.gateway is not None
    path = deployment.gateway.prefix / "snippets" / snippet
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    deployment.gateway.stop()
    deployment.gateway.start()


def test_a_socket_that_nginx_has_wrong_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    edit(deployment, "coatcheck-upstream.conf", str(deployment.socket), "/nowhere/fcgi.sock")
    report = visit(deployment)
    report.assert_names("gets no answer from Coatcheck")
    assert str(deployment.socket) in report.text.split("gets no answer")[1]


@pytest.mark.parametrize(
    ("snippet", "old", "part"),
    [
        ("coatcheck-security-headers.conf", "max-age=31536000", "Strict-Transport-Security"),
        ("coatcheck-security-headers.conf", "Referrer-Policy same-origin", "no-referrer"),
        ("coatcheck-page-headers.conf", "frame-ancestors 'none'; ", "Content-Security-Policy"),
    ],
)
def test_a_header_that_is_missing_or_weak_is_named(
    deploy: Deploy, snippet: str, old: str, part: str
) -> None:
    deployment = deploy()
    new = {"max-age=31536000": "max-age=300"}.get(old, "")
    if old.startswith("Referrer"):
        new = "Referrer-Policy no-referrer"
    edit(deployment, snippet, old, new)
    report = visit(deployment)
    report.assert_names(part)
    assert len(report.problems) == 1, report.text


def test_a_host_that_nginx_changes_on_the_way_is_named(deploy: Deploy) -> None:
    """Then the Origin of every form is foreign, and nobody can log in with a browser."""
    deployment = deploy()
    edit(deployment, "coatcheck-params.conf", "$http_host", "internal.example")
    visit(deployment).assert_names("cookie: POST", "foreign site's")


def test_a_check_that_the_outside_reaches_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    edit(deployment, "coatcheck-internal.conf", "internal;", "")
    visit(deployment).assert_names("/_coatcheck/user gives")


def test_a_cookie_that_is_not_secure_is_named(deploy: Deploy) -> None:
    """ASVS 3.3.1."""
    visit(deploy({"cookie.secure": False})).assert_names("cookie.secure is false")


def test_a_server_with_other_settings_is_named(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.settings["cookie.name"] = "ticket"
    deployment.rewrite_settings()
    visit(deployment).assert_names("sets no cookie __Host-ticket")


def test_a_missing_curl_is_named(healthy: Deployment) -> None:
    report = examine(healthy, "--url", healthy.base, PATH="/nowhere")
    report.assert_names("no curl in PATH")


def test_settings_of_curl_do_not_count(healthy: Deployment, tmp_path: Path) -> None:
    """A ~/.curlrc or a proxy in the environment would answer in the place of the site."""
    (tmp_path / ".curlrc").write_text("url = https://other.invalid\n")
    report = examine(
        healthy, "--url", healthy.base, "--insecure",
        HOME=str(tmp_path), https_proxy="http://127.0.0.1:9",
    )
    assert report.status == 0, report.text


@pytest.mark.parametrize("script", ["sleep 20", "exec >&- 2>&-; sleep 20"])
def test_a_curl_that_never_ends_is_ended(
    healthy: Deployment, tmp_path: Path, script: str
) -> None:
    """Another program of that name keeps none of curl's limits."""
    program = tmp_path / "curl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    start = time.monotonic()
    examine(healthy, "--url", healthy.base, PATH=path).assert_names("no usable answer")
    assert time.monotonic() - start < 18
