"""Who is measured: every peer behind an nginx of its own, with real sessions.

A peer is a function that starts it, logs people in and returns what it has put up, and an entry in
`PEERS`.
"""

import contextlib
import http.client
import json
import math
import os
import pathlib
import re
import secrets
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass

from load import run
from people import address, person
from stage import HERE, ROOT, fill

sys.path.insert(0, str(ROOT / "Tests"))
from support import fastcgi  # noqa: E402

# Threads of Coatcheck and of the C responder: Coatcheck's default, and the flat part of the curve
# on two cores.
WORKERS = 16
# Sessions of every peer. PHP locks the file of a session: few enough would be measured waiting.
PEOPLE = 512
# What is asked for, and its path: the check as a location; a file of two bytes behind the check;
# who I am.
WAYS = {"direct": "/direct", "auth_request": "/guarded/file", "/me": "/me"}
# Chosen here, so that a new version changes no figure unseen.
DENO = "2.9.8"


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


def program():
    """The program that is measured: COATCHECK_BINARY, or what the release build left."""
    return os.environ.get("COATCHECK_BINARY") or ROOT / ".build/release/coatcheck"


def serve_coatcheck(stage, folder, **settings):
    """The program itself on the folder's database."""
    settings = {
        "workers": WORKERS, "socket.path": folder / "peer.sock",
        "storage.path": folder / "coatcheck.db", "cookie.secure": "false",
        "password.memory": 8192, "password.passes": 1, "log.level": "warning",
    } | {key.replace("_", "."): value for key, value in settings.items()}
    file = folder / "coatcheck.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
    return stage.serve([program(), "serve", "--config", file], folder)


def sign_up(site, number, password):
    """Makes an account over HTTP, from an address of its own; returns its cookie."""
    body = json.dumps({"username": person(number), "password": password})
    headers = {"Content-Type": "application/json", "X-Real-IP": address(number)}
    url = urllib.parse.urljoin(site.urls["/me"], "/api/signup")
    status, cookie, text = ask(url, "POST", headers, body)
    if status != 201 or "=" not in cookie:
        raise SystemExit(f"bench: sign-up answered {status}: {text}")
    return cookie


def coatcheck(stage, sites):
    """Coatcheck with people who signed up."""
    site = start_coatcheck(stage, "Coatcheck")
    site.cookies = write_cookies(
        site.folder, [sign_up(site, number, secrets.token_hex(16)) for number in range(PEOPLE)])
    return [site]


def record(coatcheck, question):
    """What Coatcheck answers to a check, or to who I am, byte for byte."""
    cookie = coatcheck.cookies.open().readline().strip()
    parameters = {"check": fastcgi.check("user", cookie, HTTPS=""),
                  "me": fastcgi.route("GET", "/me", HTTPS="", HTTP_COOKIE=cookie)}[question]
    return fastcgi.exchange(
        coatcheck.folder / "peer.sock",
        fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.encode(parameters))
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
                    questions=("check", "me")):
    """The C responder: what Coatcheck answers, without looking at anything.

    It has a process and an nginx for each of the two answers, since it cannot tell what it is asked.
    """
    urls = {}
    for question in questions:
        folder = stage.subfolder(f"{name} {question}")
        child = serve_responder(stage, folder, record(coatcheck, question), workers)
        url = stage.nginx(folder, part)
        urls |= {way: url + path for way, path in WAYS.items()
                 if (way == "/me") == (question == "me")}
    return Site(name, urls, folder, child, coatcheck.cookies)


def floor(stage, sites):
    """The C responder with the parameters that our snippets send."""
    return [start_responder(stage, FLOOR, sites["Coatcheck"])]


def stock(stage, sites):
    """The C responder with nginx's stock parameters."""
    return [start_responder(stage, STOCK, sites["Coatcheck"], "stock.conf")]


def log_in_everybody(site):
    """Logs people in where the route is `/login?user=NAME`."""
    url = urllib.parse.urljoin(site.urls["/me"], "/login")
    cookies = [ask(f"{url}?user={person(number)}")[1] for number in range(PEOPLE)]
    site.cookies = write_cookies(site.folder, cookies)
    return site


def php(stage, sites):
    """A PHP page whose sessions are files, as Debian's PHP-FPM is set up."""
    folder = stage.subfolder("PHP")
    (folder / "sessions").mkdir()
    (folder / "sessions").chmod(0o777)
    is_root = os.geteuid() == 0
    fill(HERE / "peers/php-fpm.conf", folder / "php-fpm.conf",
         {"folder": folder, "socket": folder / "peer.sock",
          "user": "user = www-data\ngroup = www-data" if is_root else ""})
    # Where www-data can read it.
    (folder / "session.php").write_text((HERE / "peers/session.php").read_text())
    child = stage.serve(["php-fpm8.2", "--nodaemonize", "--fpm-config", folder / "php-fpm.conf"],
                        folder)
    url = stage.nginx(folder, "php.conf")
    return [log_in_everybody(Site("PHP-FPM, files",
                                  {way: url + path for way, path in WAYS.items()}, folder, child))]


def node(stage, sites):
    """A Map in Node."""
    folder = stage.subfolder("Node")
    return over_http("Node, Map", stage, folder,
                     ["node", HERE / "peers/node.mjs", folder / "peer.sock"])


def deno(stage, sites):
    """A Map in Deno, which is installed from PyPI below .run/."""
    home = ROOT / f".run/deno-{DENO}"
    program = home / "bin/deno"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", home,
                        "--root-user-action=ignore", f"deno=={DENO}"], check=True)
    folder = stage.subfolder("Deno")
    return over_http("Deno, Map", stage, folder,
                     [program, "run", "--no-remote", f"--allow-read={folder}",
                      f"--allow-write={folder}", f"--allow-net=unix:{folder}/peer.sock", HERE / "peers/deno.mjs", folder / "peer.sock"])


def over_http(name, stage, folder, command):
    """A peer that speaks HTTP over connections that nginx keeps.

    After a subrequest nginx keeps the connection only of an answer without a body, a 204. So there
    is a second one, whose check is the page that tells who I am, as those write it who do not know.
    """
    child = stage.serve(command, folder)
    url = stage.nginx(folder, "http.conf")
    site = log_in_everybody(Site(name, {way: url + path for way, path in WAYS.items()}, folder,
                                 child))
    with_body = Site(f"{name}, check with a body", {"auth_request": f"{url}/guarded-200/file"},
                     folder, child, site.cookies)
    return [site, with_body]


FLOOR = "C responder"
STOCK = "C responder, stock fastcgi_params"
# In the order of the tables. The C responders repeat what Coatcheck answered, so it comes first.
PEERS = {"coatcheck": coatcheck, "floor": floor, "stock": stock, "php": php, "node": node,
         "deno": deno}


def prove(site):
    """Refuses to measure a peer that answers wrongly; the C responders let everybody in."""
    cookie = site.cookies.open().readline().strip()
    for way, url in site.urls.items():
        granted = 204 if way == "direct" else 200
        refused = granted if site.name in (FLOOR, STOCK) else 401
        for headers, right in (({"Cookie": cookie}, granted), ({}, refused),
                               ({"Cookie": cookie[:-8] + "AAAAAAAA"}, refused)):
            status, _, text = ask(url, headers=headers)
            knows = way != "/me" or status != 200 or person(0) in text
            if status != right or not knows:
                raise SystemExit(f"bench: {site.name}, {way}, {headers}: {status} {text!r} "
                                 f"instead of {right}")
