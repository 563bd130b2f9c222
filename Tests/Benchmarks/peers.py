"""Who is measured beside Coatcheck, each with real sessions.

A peer is a function that starts it, logs people in and returns what it has put up, and an entry in
`PEERS`.
"""

import json
import os
import secrets
import subprocess
import sys
import urllib.parse

from people import address, person
from sites import WAYS, Site, ask, start_coatcheck, start_responder, write_cookies
from stage import HERE, ROOT, fill

# Sessions of every peer. PHP locks the file of a session: few enough would be measured waiting.
PEOPLE = 512
# Chosen here, so that a new version changes no figure unseen.
DENO = "2.9.8"
FLOOR = "C responder"
STOCK = "C responder, stock fastcgi_params"
KEPT = "C responder, kept connections"


def coatcheck(stage, sites):
    """Coatcheck with people who signed up."""
    site = start_coatcheck(stage, "Coatcheck")
    site.cookies = write_cookies(
        site.folder, [sign_up(site, number, secrets.token_hex(16)) for number in range(PEOPLE)])
    return [site]


def sign_up(site, number, password):
    """Makes an account over HTTP, from an address of its own; returns its cookie."""
    body = json.dumps({"username": person(number), "password": password})
    headers = {"Content-Type": "application/json", "X-Real-IP": address(number)}
    url = urllib.parse.urljoin(site.urls["/me"], "/api/signup")
    status, cookie, text = ask(url, "POST", headers, body)
    if status != 201 or "=" not in cookie:
        raise SystemExit(f"bench: sign-up answered {status}: {text}")
    return cookie


def floor(stage, sites):
    """The C responder with the parameters that our snippets send."""
    return [start_responder(stage, FLOOR, sites["Coatcheck"])]


def stock(stage, sites):
    """The C responder with nginx's stock parameters."""
    return [start_responder(stage, STOCK, sites["Coatcheck"], "stock.conf")]


def kept(stage, sites):
    """The C responder over connections that nginx keeps, with more threads than these can be."""
    return [start_responder(stage, KEPT, sites["Coatcheck"], workers=192, questions=["me"],
                            keeps=True)]


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
                      f"--allow-write={folder}", f"--allow-net=unix:{folder}/peer.sock",
                      HERE / "peers/deno.mjs", folder / "peer.sock"])


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


# In the order of the tables. The C responders repeat what Coatcheck answered, so it comes first.
PEERS = {"coatcheck": coatcheck, "floor": floor, "stock": stock, "kept": kept, "php": php,
         "node": node, "deno": deno}


def prove(site):
    """Refuses to measure a peer that answers wrongly; the C responders let everybody in."""
    cookie = site.cookies.open().readline().strip()
    for way, url in site.urls.items():
        granted = 204 if way == "direct" else 200
        refused = granted if site.name in (FLOOR, STOCK, KEPT) else 401
        for headers, right in (({"Cookie": cookie}, granted), ({}, refused),
                               ({"Cookie": cookie[:-8] + "AAAAAAAA"}, refused)):
            status, _, text = ask(url, headers=headers)
            knows = way != "/me" or status != 200 or person(0) in text
            if status != right or not knows:
                raise SystemExit(f"bench: {site.name}, {way}, {headers}: {status} {text!r} "
                                 f"instead of {right}")
