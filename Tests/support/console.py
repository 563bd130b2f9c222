"""The command line beside the running server."""

from __future__ import annotations

import subprocess

from .deployment import Deployment
from .program import binary, clean_environment


def console(
    deployment: Deployment, *arguments: str, text: str = "", status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Runs a command on the deployment's settings; standard input is `text`."""
    group, *rest = arguments
    command = [binary(), group, *rest, "--config", deployment.settings_file]
    result = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=60,
    )
    assert result.returncode == status, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def make_administrator(deployment: Deployment, name: str) -> None:
    """Puts somebody into the group admin."""
    console(deployment, "user", "groups", name, "--add", "admin")
