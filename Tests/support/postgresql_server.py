"""A real PostgreSQL of Debian, with a database for whoever asks."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from .certificates import Authority
from .gateway import free_port
from .names import new_name
from .program import clean_environment
from .server import Server, tool
from .waiting import wait_until

BINARIES = sorted(str(path) for path in Path("/usr/lib/postgresql").glob("*/bin"))
# Who owns the databases, as an operator would set it up: no superuser.
USER = "coatcheck"
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}/socket'
fsync = {durable}
full_page_writes = {durable}
max_connections = 300
max_wal_senders = 4
shared_buffers = 64MB
# Nothing outside the folder, so that nothing is left when all is killed.
dynamic_shared_memory_type = mmap
jit = off
ssl = {tls}
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
"""


class PostgreSQL(Server):
    """One server with a unix socket, a port on loopback and TLS.

    It does not wait for the disk unless `durable`: what it has acknowledged survives kill -9 all
    the same, only not a loss of power.
    """

    politely = signal.SIGINT

    def __init__(self, durable: bool = False, tls: Authority | None = None) -> None:
        super().__init__("postgresql")
        self.port = free_port()
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self._durable = durable
        self.tls = tls
        self._standby_of: PostgreSQL | None = None

    def __enter__(self) -> PostgreSQL:
        super().__enter__()
        return self

    def command(self) -> list[str | Path]:
        return self._as_owner(tool("postgres", *BINARIES), "-D", self.data)

    def is_ready(self) -> bool:
        # The eighth line is the state, as pg_ctl(1) reads it.
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return lines[0] == str(self.process.pid) and lines[7:8] == ["ready   "]

    def prepare(self) -> None:
        self.socket.mkdir()
        self.data.mkdir(mode=0o700)
        self._give(self.socket, self.data)
        if self._standby_of is not None:
            self._copy(self._standby_of)
        else:
            self._initialise()
        files = self._certificate()
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(
                SETTINGS.format(
                    port=self.port,
                    folder=self.folder,
                    durable="on" if self._durable else "off",
                    tls="on" if self.tls else "off",
                    certificate=files[0],
                    key=files[1],
                )
            )

    def start(self, timeout: float = 30.0) -> None:
        super().start(timeout)
        if self._standby_of is None and not (self.folder / "made").exists():
            self.sql(f"CREATE ROLE {USER} LOGIN PASSWORD '{self.password}'")
            (self.folder / "made").touch()

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What a superuser gets for a statement: rows as lines, columns parted by `|`."""
        return self._run(
            *(tool("psql", *BINARIES), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement),
            *(self._own_url(database),),
        )

    def new_database(self, template: str = "template0") -> str:
        """Makes a database that belongs to the user of the tests, and returns its name."""
        name = new_name("test").replace("-", "_")
        self.sql(f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {template}")
        return name

    def url(
        self,
        database: str,
        *,
        unix: bool = False,
        port: int | None = None,
        user: str = USER,
        password: str | None = None,
        standbys: Sequence[PostgreSQL] = (),
        **parameters: str,
    ) -> str:
        """The address of a database; `port` is that of a proxy, `parameters` are libpq's.

        Of the server and its standbys whichever takes writes is meant.
        """
        who = f"{user}:{quote(password or self.password, safe='')}"
        if unix:
            parameters = {"host": str(self.socket), "port": str(self.port)} | parameters
            place = ""
        else:
            ports = [port or self.port, *(standby.port for standby in standbys)]
            place = ",".join(f"127.0.0.1:{port}" for port in ports)
        if self.tls is not None and not unix:
            roots = str(self.tls.certificate)
            parameters = {"sslmode": "verify-full", "sslrootcert": roots} | parameters
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"postgresql://{who}@{place}/{database}{query}"

    @contextmanager
    def standby(self, synchronous: bool = False) -> Iterator[PostgreSQL]:
        """A second server that follows this one.

        When `synchronous`, nothing is acknowledged from then on that it does not have.
        """
        other = PostgreSQL(self._durable, self.tls)
        other.password = self.password
        other._standby_of = self
        with other:
            state = "SELECT state, sync_state FROM pg_stat_replication"
            if synchronous:
                self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
                self.sql("SELECT pg_reload_conf()")
            followed = f"streaming|{'sync' if synchronous else 'async'}\n"
            wait_until(lambda: self.sql(state) == followed, "the standby to follow")
            yield other

    def promote(self) -> None:
        """Makes a standby one that takes writes; returns when it does."""
        assert self.sql("SELECT pg_promote()") == "t\n"

    def _initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        self._give(secret)
        self._run(
            *self._as_owner(tool("initdb", *BINARIES), "-D", self.data, "-U", "postgres"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--no-sync", "--no-instructions"),
        )
        secret.unlink()

    def _copy(self, other: PostgreSQL) -> None:
        self._run(
            *self._as_owner(tool("pg_basebackup", *BINARIES), "-D", self.data),
            *("-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", other._own_url("postgres")),
        )

    def _own_url(self, database: str) -> str:
        return self.url(database, unix=True, user="postgres")

    def _certificate(self) -> tuple[Path | str, Path | str]:
        if self.tls is None:
            return "", ""
        files = self.tls.issue(self.folder / "server")
        self._give(*files)
        return files

    def _as_owner(self, *command: str | Path) -> list[str | Path]:
        # PostgreSQL refuses to run as root.
        if os.geteuid() != 0:
            return list(command)
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *command]

    def _give(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in paths:
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _run(self, *command: str | Path) -> str:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=clean_environment(), cwd="/"
        )
        assert result.returncode == 0, f"{Path(command[0]).name}: {result.stderr}"
        return result.stdout
