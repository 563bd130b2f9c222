"""What a client knows of its accounts after each answer, and what one at most may be besides."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace

# The digest of a session's ticket, which is the key in the store; `None` stands for a session
# that may have begun in a request without an answer.
Key = bytes | None
NO_KEYS: frozenset[Key] = frozenset()


def key(cookie: str) -> bytes:
    """Under which key the store holds the session of a cookie, `name=value`."""
    ticket = cookie.partition("=")[2]
    return hashlib.sha256(base64.urlsafe_b64decode(ticket + "=")).digest()


@dataclass(frozen=True)
class Account:
    """One account: all of it that an operation of the tests changes."""

    # Moved by each new password and by each disabling.
    version: int = 1
    disabled: bool = False
    groups: frozenset[str] = frozenset()
    live: frozenset[Key] = NO_KEYS

    def equals(self, found: Account) -> bool:
        """Whether an account that was found can be this one."""
        known = self.live - {None}
        return (
            replace(self, live=found.live) == found
            and known <= found.live
            and len(self.live) == len(found.live)
        )


@dataclass(frozen=True)
class State:
    """The accounts of one client, and the keys of its sessions that have ended."""

    accounts: dict[str, Account] = field(default_factory=dict)
    ended: frozenset[Key] = NO_KEYS

    def having(self, name: str, account: Account, ended: frozenset[Key] = NO_KEYS) -> State:
        """The state with an account as it is now, and with sessions that are over."""
        return State(self.accounts | {name: account}, self.ended | ended)

    def without(self, name: str) -> State:
        """The state after the deletion of an account."""
        rest = {other: account for other, account in self.accounts.items() if other != name}
        return State(rest, self.ended | self.accounts[name].live)

    def equals(self, found: State) -> bool:
        """Whether what was found can be this; `found.ended` may hold keys of others."""
        if self.accounts.keys() != found.accounts.keys():
            return False
        pairs = ((account, found.accounts[name]) for name, account in self.accounts.items())
        return self.ended <= found.ended and all(account.equals(other) for account, other in pairs)


@dataclass(frozen=True)
class Step:
    """One request that changed something: its name in the record, and what is there after it."""

    name: str
    deed: str
    after: State


class History:
    """The steps of one client, one after the other."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.steps = [Step("", "nothing", State())]

    @property
    def now(self) -> State:
        """What is there after the last step."""
        return self.steps[-1].after

    def add(self, name: str, deed: str, after: State) -> None:
        """Notes a step."""
        self.steps.append(Step(name, deed, after))

    def complaint(self, acknowledged: int, found: State) -> str | None:
        """Says what is wrong with what was found when so many steps were acknowledged.

        The next one may have happened, or not, but not in part.
        """
        allowed = self.steps[acknowledged : acknowledged + 2]
        if any(step.after.equals(found) for step in allowed):
            return None
        for step, former in zip(self.steps[1 : acknowledged + 1], self.steps, strict=False):
            if former.after.equals(found):
                return f"{self.client}: lost since {step.name}, {step.deed}"
        return f"{self.client}: neither before nor after {allowed[-1].name}, {allowed[-1].deed}"
