"""Coatcheck and the C responder, each behind an nginx of its own: what every section measures."""

import contextlib
import http.client
import math
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass

import parameters
from load import run
from stage import HERE, ROOT

sys.path.insert(0, str(parameters.TESTS))
from support import fastcgi  # noqa: E402

# Threads of both: Coatcheck's default, and the flat part of the curve on two cores.
WORKERS = 16
# What is asked for, and its path: the check as a location; a file of two bytes behind the check;
# who I am.
WAYS = {"direct": "/direct", "auth_request": "/guarded/file", "/me": "/me"}


@dataclass
class Site:
    """A peer that runs."""

    name: str
    urls: dict
    """Addresses by way."""
    folder: pathlib.Path
    child: subprocess.Popen
    cookies: pathlib.Path | None = None
    """Cookie headers, one a line: one for each session."""


def ask(url, method="GET", headers=None, body=None):
    """One request; the answer's status, its first cookie and its body."""
    parts = urllib.parse.urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, (answer.headers["Set-Cookie"] or "").split(";")[0], text


def write_cookies(folder, cookies):
    """The file of Cookie headers that a load is made of."""
    path = folder / "cookies"
    path.write_text("".join(f"{cookie}\n" for cookie in cookies))
    return path


def program():
    """The program that is measured: COATCHECK_BINARY, or what the release build left."""
    return os.environ.get("COATCHECK_BINARY") or ROOT / ".build/release/coatcheck"


def serve_coatcheck(stage, folder, **settings):
    """The program itself on the folder's database, or on the engines that the settings name."""
    settings = {
        "workers": WORKERS, "socket.path": folder / "peer.sock",
        "storage.path": folder / "coatcheck.db", "cookie.secure": "false",
        "password.memory": 8192, "password.passes": 1, "log.level": "warning",
    } | {key.replace("_", "."): value for key, value in settings.items()}
    if "storage.url" in settings:
        del settings["storage.path"]  # the accounts are in an engine
    file = folder / "coatcheck.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
    return stage.serve([program(), "serve", "--config", file], folder)


def start_coatcheck(stage, name, prepare=None, **settings):
    """Coatcheck with the snippets of a real site.

    The settings are the defaults but for what plain http on this machine needs, and a hash that is
    cheap, since people sign up before the measurement. `settings` replaces some, written with _ for
    the dot. `prepare(database)` fills the database while the program is stopped, and returns the
    Cookie headers of who is in it.
    """
    folder = stage.subfolder(name)
    child = serve_coatcheck(stage, folder, **settings)
    site = Site(name, {}, folder, child)
    if prepare:
        stage.stop([child])
        site.cookies = write_cookies(folder, prepare(folder / "coatcheck.db"))
        site.child = serve_coatcheck(stage, folder, **settings)
    url = stage.nginx(folder, "coatcheck.conf")
    site.urls = {way: url + path for way, path in WAYS.items()}
    return site


def metric(site, name):
    """One of the program's own figures."""
    url = site.urls["/me"].replace("/me", "/metrics")
    return float(re.search(rf"^{name} (\S+)$", ask(url)[2], re.MULTILINE)[1])


def warm(site, size):
    """Asks for every session at least once."""
    seconds = 1
    while metric(site, "coatcheck_session_cache_entries") < size:
        rate = run(site.urls["direct"], site.cookies, 64, seconds).rate
        seconds = math.ceil(1.2 * size / rate)


def record(coatcheck, question):
    """What Coatcheck answers to a check, or to who I am, byte for byte."""
    cookie = coatcheck.cookies.open().readline().strip()
    sent = (parameters.of_check(cookie) if question == "check"
            else parameters.of_route("/me", cookie))
    return fastcgi.exchange(
        coatcheck.folder / "peer.sock",
        fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(sent))
        + fastcgi.stream(fastcgi.STDIN, b""))


def serve_responder(stage, folder, answer, workers=WORKERS, unix_socket="peer.sock"):
    """The C responder itself, compiled at first, with what it answers."""
    program = stage.folder / "responder"
    if not program.exists():
        subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-o", program, HERE / "responder.c",
                        "-lfcgi", "-lpthread"], check=True)
    (folder / "answer").write_bytes(answer)
    return stage.serve([program, folder / unix_socket, workers, folder / "answer"], folder,
                       unix_socket)


def start_responder(stage, name, coatcheck, part="coatcheck.conf", workers=WORKERS,
                    questions=("check", "me"), keeps=False):
    """The C responder: what Coatcheck answers, without looking at anything.

    It has a process and an nginx for each of the two answers: it cannot tell what it is asked. A
    connection that nginx keeps holds one of its threads: none is kept, or there are many threads.
    """
    urls = {}
    for question in questions:
        folder = stage.subfolder(f"{name} {question}")
        child = serve_responder(stage, folder, record(coatcheck, question), workers)
        url = stage.nginx(folder, part, keeps)
        urls |= {way: url + path for way, path in WAYS.items()
                 if (way == "/me") == (question == "me")}
    return Site(name, urls, folder, child, coatcheck.cookies)
