"""A real Redis of Debian, its replicas and the sentinels that watch them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote, urlencode

from .certificates import Authority
from .gateway import free_port
from .program import clean_environment
from .server import Server, tool

SETTINGS = """
bind 127.0.0.1
port {port}
unixsocket {folder}/socket
dir {folder}
appendonly yes
appendfsync {fsync}
save ""
maxmemory-policy noeviction
requirepass {password}
masterauth {password}
# A replica gets what there is at once, not after 5 s in which others may come.
repl-diskless-sync-delay 0
"""


class Redis(Server):
    """One server with a password, a unix socket, a port on loopback and perhaps one for TLS.

    It keeps what was written, and evicts nothing. When `durable` it waits for the disk.
    """

    def __init__(
        self,
        durable: bool = False,
        tls: Authority | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        super().__init__("redis")
        self.port = free_port()
        self.tls_port = free_port() if tls else None
        self.socket = self.folder / "socket"
        self._durable = durable
        self._tls = tls
        # More lines of the settings file, which go before those above.
        self._settings = settings or {}

    def __enter__(self) -> Redis:
        super().__enter__()
        return self

    def command(self) -> list[str | Path]:
        return [tool("redis-server"), self.folder / "redis.conf"]

    def is_ready(self) -> bool:
        return self.socket.exists() and self._command("PING").stdout == "PONG\n"

    def prepare(self) -> None:
        fsync = "always" if self._durable else "everysec"
        text = SETTINGS.format(
            port=self.port, folder=self.folder, fsync=fsync, password=self.password
        )
        if self._tls is not None:
            certificate, key = self._tls.issue(self.folder / "server")
            text += f"tls-port {self.tls_port}\ntls-auth-clients no\n"
            text += f"tls-cert-file {certificate}\ntls-key-file {key}\n"
            text += f"tls-ca-cert-file {self._tls.certificate}\n"
        text += "".join(f"{name} {value}\n" for name, value in self._settings.items())
        (self.folder / "redis.conf").write_text(text)

    def do(self, *words: str | bytes, database: int = 0) -> str:
        """What the server answers to a command, as redis-cli(1) prints it; it must not refuse."""
        result = self._command(*words, database=database)
        assert result.returncode == 0, f"{words[0]!r}: {result.stdout}{result.stderr}"
        return result.stdout.removesuffix("\n")

    def _command(
        self, *words: str | bytes, database: int = 0
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool("redis-cli"), "-e", "-s", self.socket, "-n", str(database), *words],
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environment(REDISCLI_AUTH=self.password),
        )

    def add_user(self, name: str, *rules: str) -> None:
        """Adds a user with the same password and these rules of ACL SETUSER."""
        self.do("ACL", "SETUSER", name, "on", f">{self.password}", *rules)

    def url(
        self,
        *,
        database: int = 0,
        unix: bool = False,
        tls: bool = False,
        port: int | None = None,
        user: str = "default",
        password: str | None = None,
        **parameters: str,
    ) -> str:
        """The address of a database; `port` is that of a proxy."""
        who = f"{user}:{quote(password or self.password, safe='')}"
        if unix:
            return f"redis+unix://{who}@{self.socket}?{urlencode({'db': database} | parameters)}"
        if tls:
            assert self._tls is not None and self.tls_port is not None
            query = urlencode({"sslrootcert": str(self._tls.certificate)} | parameters)
            return f"rediss://{who}@localhost:{port or self.tls_port}/{database}?{query}"
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"redis://{who}@127.0.0.1:{port or self.port}/{database}{query}"

    def forget(self) -> None:
        """Removes what the server has kept, while it does not run."""
        shutil.rmtree(self.folder / "appendonlydir")
        (self.folder / "dump.rdb").unlink(missing_ok=True)

    def restart_empty(self) -> None:
        """Kills the server and starts it without anything that it had."""
        self.kill()
        self.forget()
        self.start()

    def replica(self) -> Redis:
        """A second server that follows this one, to be entered."""
        other = Redis(self._durable, self._tls, {"replicaof": f"127.0.0.1 {self.port}"})
        other.password = self.password
        return other

    @property
    def is_following(self) -> bool:
        """Whether this is a replica that has all that its primary had when it asked."""
        return "master_link_status:up" in self.do("INFO", "replication")


class Sentinel(Server):
    """A sentinel that watches one primary, and by itself makes a replica take its place."""

    service = "coats"

    def __init__(self, primary: Redis, quorum: int = 1, down_after: int = 500) -> None:
        super().__init__("sentinel")
        self.port = free_port()
        # An address has one password, which is for both.
        self.password = primary.password
        self._settings = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"dir {self.folder}",
            f"requirepass {self.password}",
            f"sentinel sentinel-pass {self.password}",
            f"sentinel monitor {self.service} 127.0.0.1 {primary.port} {quorum}",
            f"sentinel auth-pass {self.service} {primary.password}",
            f"sentinel down-after-milliseconds {self.service} {down_after}",
            f"sentinel failover-timeout {self.service} 3000",
        ]

    def __enter__(self) -> Sentinel:
        super().__enter__()
        return self

    def command(self) -> list[str | Path]:
        return [tool("redis-sentinel"), self.folder / "sentinel.conf"]

    def prepare(self) -> None:
        (self.folder / "sentinel.conf").write_text("\n".join(self._settings) + "\n")

    def do(self, *words: str) -> str:
        """What the sentinel answers to a command."""
        result = subprocess.run(
            [tool("redis-cli"), "-e", "-p", str(self.port), *words],
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environment(REDISCLI_AUTH=self.password),
        )
        return result.stdout.removesuffix("\n")

    def is_ready(self) -> bool:
        return self.do("PING") == "PONG"

    @property
    def primary_port(self) -> int:
        """Where the sentinel says that the primary is."""
        return int(self.do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service).split()[1])

    @property
    def replicas(self) -> int:
        """How many replicas the sentinel has seen so far that it could promote."""
        listed = self.do("SENTINEL", "REPLICAS", self.service).split("\n")
        return sum(listed[i + 1] == "ok" for i, w in enumerate(listed) if w == "master-link-status")


def sentinel_url(sentinels: list[Sentinel], primary: Redis, database: int = 0) -> str:
    """The address of whatever is the primary at the moment, as the sentinels know it."""
    hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)
    return f"redis+sentinel://:{primary.password}@{hosts}/{Sentinel.service}/{database}"
