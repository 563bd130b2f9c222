"""What clients of several machines ask for and are told, and what may come between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What was asked for."""

    SIGN_UP = "sign-up"
    LOGIN = "login"
    CHECK = "check"
    # The end of one session: a logout, or the end of another device.
    END = "end"
    # The end of all sessions of the person but the one named.
    END_OTHERS = "end of the others"
    # A new password, which ends all sessions of the person but the one named, which is new.
    CHANGE = "change of the password"


# What begins a session.
BEGINNINGS = (Kind.SIGN_UP, Kind.LOGIN, Kind.CHANGE)


class Outcome(Enum):
    """What the answer was."""

    YES = "done"
    REFUSED = "refused"
    # 503, or no answer: it may have been done, or be done yet.
    FAILED = "failed"


@dataclass(frozen=True)
class Operation:
    """One request: when it was sent and answered (time.monotonic), where, and what came of it."""

    kind: Kind
    person: str
    # The ticket; empty where there is none.
    session: str
    machine: int
    invoked: float
    answered: float
    outcome: Outcome = Outcome.YES
    # The ticket whose session goes on under the new one, which a change of the password gives.
    replaces: str = ""
    # For how many seconds of it the client was kept from running.
    paused: float = 0.0

    @property
    def over(self) -> float:
        """By when what it does is done: of one that failed that is not known."""
        return math.inf if self.outcome is Outcome.FAILED else self.answered


@dataclass(frozen=True)
class Fault:
    """A time in which requests may fail, and what the engine may have lost by it."""

    begin: float
    end: float
    # It has lost every session that there was.
    empties: bool = False
    # It may have lost what was acknowledged in so many seconds before, as an asynchronous replica.
    loses: float = 0.0

    def loses_work(self, operation: Operation) -> bool:
        """Whether it may have lost what was acknowledged to an operation."""
        return self.begin - self.loses < operation.answered and operation.invoked < self.end


@dataclass(frozen=True)
class Bounds:
    """What is promised, in seconds."""

    # From the acknowledgement of an end to its being known at every other machine, always.
    elsewhere: float = 0.2
    # How long any request takes at most.
    patience: float = 2.5
    # How long after the end of a fault requests may fail.
    recovery: float = 1.0
