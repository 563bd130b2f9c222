"""The program's commands, run beside a server as its operator would."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from .deployment import Deployment, Person
from .names import new_name
from .program import binary, clean_environment


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    status: int
    output: str
    error: str


class CommandLine:
    """Commands on the store of one deployment."""

    def __init__(self, site: Deployment) -> None:
        self.site = site

    def run(self, *arguments: str, given: str = "") -> Outcome:
        """Runs a command with `given` on standard input; it may fail."""
        name, verb, *rest = arguments
        result = subprocess.run(
            [binary(), name, verb, "--config", self.site.settings_file, *rest],
            input=given.encode(),
            capture_output=True,
            timeout=60,
            env=clean_environment(**self.site.environment),
        )
        return Outcome(result.returncode, result.stdout.decode(), result.stderr.decode())

    def do(self, *arguments: str, given: str = "") -> str:
        """Runs a command that must succeed and returns what it printed."""
        outcome = self.run(*arguments, given=given)
        assert outcome.status == 0, f"{' '.join(arguments[:2])}: {outcome}"
        return outcome.output

    def refused(self, *arguments: str, given: str = "") -> str:
        """Runs a command that must fail without a crash and returns what it said."""
        outcome = self.run(*arguments, given=given)
        assert outcome.status > 0, f"{' '.join(arguments[:2])}: {outcome}"
        assert "Fatal error" not in outcome.error and "Backtrace" not in outcome.error, outcome
        assert outcome.error.strip(), "a failure says why"
        return outcome.error


def administrator(site: Deployment) -> Person:
    """An administrator made with the command line, as the first one is, and logged in."""
    client, name, password = site.client(), new_name("admin"), site.secrets.password()
    CommandLine(site).do("user", "add", name, "--group", "admin", given=password + "\n")
    answer = client.log_in(name, password)
    assert answer.status == 200, f"could not log in: {answer}"
    return Person(name, password, client)
