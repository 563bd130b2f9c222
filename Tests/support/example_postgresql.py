"""PostgreSQL as the example of two machines (deploy/two-machines) has it, run on loopback."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .certificates import Authority
from .example import EXAMPLE, PASSWORD, replaced, secret_file
from .postgresql_server import BINARIES, PostgreSQL
from .program import clean_environment
from .server import tool


class ExamplePostgreSQL(PostgreSQL):
    """db1 with the settings and the roles of the example, and its pg_hba.conf for loopback."""

    tls: Authority

    def __init__(self, authority: Authority) -> None:
        super().__init__(tls=authority)

    def __enter__(self) -> ExamplePostgreSQL:
        super().__enter__()
        return self

    def prepare(self) -> None:
        super().prepare()
        certificate, key = (self.folder / "server.pem", self.folder / "server.key")
        text = replaced(
            (EXAMPLE / "postgresql/postgresql.conf").read_text(),
            ("10.0.0.21", "127.0.0.1"),
            ("/etc/postgresql/15/main/db1.internal.pem", str(certificate)),
            ("/etc/postgresql/15/main/db1.internal.key", str(key)),
        )
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(text)
        rules = (EXAMPLE / "postgresql/pg_hba.conf").read_text()
        rules = re.sub(r"10\.0\.0\.\d+/32", "127.0.0.1/32", rules)
        # The owner of the tests comes with a password.
        own = "local all postgres scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(own + rules)

    def start(self, timeout: float = 30.0) -> None:
        super().start(timeout)
        # The tests' own, which the example makes.
        self.sql("DROP ROLE coatcheck")
        roles = EXAMPLE / "postgresql/roles.sql"
        self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", roles, self.superuser("postgres"))
        self.sql(f"ALTER ROLE coatcheck PASSWORD '{PASSWORD}'")

    def run(self, *arguments: str | Path, given: bytes = b"") -> bytes:
        """Runs a program of PostgreSQL as its superuser."""
        result = subprocess.run(
            [tool(str(arguments[0]), *BINARIES), *arguments[1:]],
            input=given, capture_output=True, timeout=60, env=clean_environment(),
        )
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout

    def superuser(self, database: str) -> str:
        """The address of a database for the superuser."""
        return self._own_url(database)

    def example_url(self) -> str:
        """The address of the example, for this place."""
        return replaced(
            secret_file("machine/credentials/storage.url").strip(),
            ("db1.internal,db2.internal", f"localhost:{self.port}"),
            ("/etc/coatcheck/engines-ca.pem", str(self.tls.certificate)),
        )

    def ask(self, statement: str, **parameters: str) -> subprocess.CompletedProcess[str]:
        """What Coatcheck's role gets for a statement; it may be refused."""
        url = self.example_url()
        for name, value in parameters.items():
            url = re.sub(rf"{name}=[^&]*", f"{name}={value}", url)
        return subprocess.run(
            [tool("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url],
            capture_output=True, text=True, timeout=60, env=clean_environment(),
        )
