"""A site with guarded places of every kind: files, prefixes, regular expressions, backends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .backends import Backend, FastCGIBackend, HTTPBackend
from .deployment import Deployment
from .gateway import Gateway
from .program import ROOT

# What only somebody with a session may see, only a member of the group admin, and anybody.
USER_MARK, ADMIN_MARK, OPEN_MARK = "mark-of-the-users", "mark-of-the-admins", "mark-of-everybody"

# Guarded places by policy. Each prefix is also guarded below itself.
USER_PLACES = ("/dashboard", "/wiki/page", "/base/page", "/kept/page", "/files/a.txt", "/r/a.pdf")
ADMIN_PLACES = ("/staff", "/app/page")
PLACES = USER_PLACES + ADMIN_PLACES

HTTP = """
    upstream kept {{ server 127.0.0.1:{users.port}; keepalive 4; }}
"""
SERVER = """
        location ^~ /wiki/ {{
            include snippets/coatcheck-protect.conf;
            proxy_set_header Host $host;
            proxy_pass http://127.0.0.1:{users.port};
        }}
        location ^~ /base/ {{
            include snippets/coatcheck-protect.conf;
            proxy_set_header Host $host;
            proxy_pass http://127.0.0.1:{users.port}/inner/;
        }}
        location ^~ /kept/ {{
            include snippets/coatcheck-protect.conf;
            proxy_set_header Host $host;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://kept;
        }}
        location ^~ /files/ {{
            include snippets/coatcheck-protect.conf;
            alias {files}/;
            autoindex on;
        }}
        location ~ ^/r/.*\\.pdf$ {{
            include snippets/coatcheck-protect.conf;
            root {files};
        }}
        location ^~ /app/ {{
            auth_request /_coatcheck/admin;
            include snippets/coatcheck-guard.conf;
            include {parameters};
            fastcgi_pass unix:{socket};
        }}
        location /open/ {{
            include snippets/coatcheck-identity.conf;
            proxy_set_header Host $host;
            proxy_pass http://127.0.0.1:{everybody.port};
        }}
"""


class GuardedSite:
    """The site, and the applications behind it."""

    def __init__(
        self, site: Deployment, users: Backend, admins: Backend, everybody: Backend
    ) -> None:
        self.site = site
        self.users = users
        self.admins = admins
        self.everybody = everybody

    def forget(self) -> None:
        """Begins anew what the applications remember."""
        for backend in (self.users, self.admins, self.everybody):
            backend.heads.clear()


@contextmanager
def guarded_site(more_places: str = "") -> Iterator[GuardedSite]:
    """Starts all of it, with further locations as a text that has fields like SERVER."""
    with ExitStack() as stack:
        site = stack.enter_context(Deployment(with_gateway=False))
        users = HTTPBackend(USER_MARK)
        everybody = HTTPBackend(OPEN_MARK)
        admins = FastCGIBackend(ADMIN_MARK, site.folder / "app.sock")
        for backend in (users, everybody, admins):
            stack.enter_context(backend)
        site.gateway = Gateway(site.folder / "nginx", site.port, site.socket)
        files = _write_files(site.folder / "guarded")
        parameters = site.gateway.prefix / "fastcgi_params"
        # Debian's file without the line that the head of coatcheck-guard.conf says to delete.
        stock = Path("/etc/nginx/fastcgi_params").read_text().splitlines(keepends=True)
        parameters.write_text("".join(line for line in stock if "REMOTE_USER" not in line))
        more = {"users": users, "everybody": everybody, "files": files, "parameters": parameters}
        socket = site.folder / "app.sock"
        text = site.gateway.configuration.read_text()
        text = text.replace(f'"{ROOT}/nginx/site/guarded"', f'"{files}"')
        text = _after("include snippets/coatcheck-http.conf;\n", HTTP.format(**more), text)
        server = (SERVER + more_places).format(socket=socket, **more)
        text = _after("include snippets/coatcheck-routes.conf;\n", server, text)
        site.gateway.configuration.write_text(text)
        site.gateway.start()
        yield GuardedSite(site, users, admins, everybody)


def _after(mark: str, added: str, text: str) -> str:
    assert text.count(mark) == 1, f"nginx.conf has one {mark!r}"
    return text.replace(mark, mark + added)


def _write_files(folder: Path) -> Path:
    (folder / "r").mkdir(parents=True)
    for name in ("dashboard.html", "products.html", "a.txt", "r/a.pdf"):
        (folder / name).write_text(f"{USER_MARK} <!--# echo var='query_string' -->\n")
    (folder / "staff.html").write_text(ADMIN_MARK + "\n")
    return folder


def assert_nothing_shown(guarded: GuardedSite, answer: bytes, place: str) -> None:
    """Nobody saw anything guarded, and no application behind the guard was asked."""
    for mark in (USER_MARK, ADMIN_MARK):
        assert mark.encode() not in answer, f"{place} shows {mark}: {answer!r}"
    for backend in (guarded.users, guarded.admins):
        assert not backend.heads, f"{place}: asked {backend.heads}"
    told = "".join(guarded.everybody.heads)
    assert not re.search(r"(?im)^(?:x|http).auth.*mallory", told), told
    guarded.forget()
