"""What the program itself makes of a database after a loss of power."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

from support import fastcgi
from support.deployment import Deployment
from support.names import new_source

from .clients import Client
from .model import State
from .verdict import read

# How many sessions and passwords are tried of each image.
SESSIONS, PASSWORDS = 24, 3


class Served:
    """Starts the program on a database, asks it, and says what is there then."""

    def __init__(self, clients: Sequence[Client], random: Random) -> None:
        self._cookies = {k: c for client in clients for k, c in client.cookies.items()}
        self._passwords = {k: p for client in clients for k, p in client.passwords.items()}
        self._random = random

    def __call__(self, folder: Path) -> State:
        """The reading of `sweep`: every answer must be what the rows say."""
        settings = {"password.memory": 1024}
        site = Deployment(settings, with_gateway=False)
        shutil.copytree(folder, site.database.parent, dirs_exist_ok=True)
        with site:
            found = read(site.database.parent)
            self._check_sessions(site, found)
            self._check_passwords(site, found)
        return found

    def _check_sessions(self, site: Deployment, found: State) -> None:
        live = {
            key for a in found.accounts.values() for key in a.live if not a.disabled
        }
        keys = sorted(self._cookies, key=str)
        for key in self._random.sample(keys, min(SESSIONS, len(keys))):
            status = site.ask(fastcgi.check("user", self._cookies[key])).status
            expected = 204 if key in live else 401
            assert status == expected, f"a session is answered {status}, not {expected}"

    def _check_passwords(self, site: Deployment, found: State) -> None:
        names = sorted(found.accounts)
        for name in self._random.sample(names, min(PASSWORDS, len(names))):
            account = found.accounts[name]
            body = {"username": name, "password": self._passwords[name, account.version]}
            octets = json.dumps(body).encode()
            asked = fastcgi.route("POST", "/login", octets, REMOTE_ADDR=new_source())
            status = site.ask(asked, octets).status
            expected = 401 if account.disabled else 200
            assert status == expected, f"the login of {name} is answered {status}"
