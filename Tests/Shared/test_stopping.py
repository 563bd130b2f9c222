"""The end of a program that uses shared engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.clock import let_pass
from support.command_line import CommandLine
from support.deployment import Deployment
from support.engine_faults import LASTING
from support.engines import engines
from support.machines import Engines, Machines, Start
from support.preload import build

# What exits.c says.
LATE = "ended while a connection was being closed"
# The least that `stop.deadline` can be held to in seconds: the last writes have a second more, and
# the threads half a second each where a name is looked up, which is not so here.
DEADLINE, LAST_WRITES = 1, 1.0


@pytest.fixture(scope="module")
def exits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment in which connections take long to close, and say so."""
    library = tmp_path_factory.mktemp("exits") / "exits.so"
    build(Path(__file__).resolve().parents[1] / "support/exits.c", library)
    yield {"LD_PRELOAD": str(library)}


def test_every_connection_is_closed_when_the_program_ends(
    machines: Start, engine: str, exits: dict[str, str]
) -> None:
    """What a library takes down at the end no thread uses any more."""
    site = machines(engine, n=1, environment=exits)[0]
    site.person()
    assert site.process.stop() == 0
    assert LATE not in site.log.read_text()


def test_every_connection_is_closed_when_a_command_ends(
    machines: Start, engine: str, exits: dict[str, str]
) -> None:
    site = machines(engine, n=1, environment=exits)[0]
    person, run = site.person(), CommandLine(site).run
    outcomes = [
        run("user", "list"),
        run("session", "list", person.name),
        run("session", "list", "nobody"),
    ]
    assert [outcome.status > 0 for outcome in outcomes] == [False, False, True]
    assert not any(LATE in outcome.error for outcome in outcomes), outcomes


@pytest.mark.parametrize("before", [0.0, LASTING], ids=["just now", "for a while"])
def test_a_program_ends_in_time_though_its_engines_are_frozen(
    engine: str, before: float
) -> None:
    with ExitStack() as stack:
        shared = Engines(*stack.enter_context(engines()))
        settings = shared.settings(engine) | {"stop.deadline": f"{DEADLINE}s"}
        site: Deployment = Machines.start(stack, settings, shared.secrets, n=1)[0]
        site.person()
        for server in (shared.postgresql, shared.redis):
            server.freeze()
        let_pass(before)
        start = time.monotonic()
        assert site.process.stop() == 0
        took = time.monotonic() - start
        print(f"ended in {took:.3f} s")
        assert took <= DEADLINE + LAST_WRITES + 0.5
