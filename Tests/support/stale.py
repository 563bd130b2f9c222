"""Sessions whose password was proved long ago, without waiting for it."""

from __future__ import annotations

import sqlite3

from .curl import NAVIGATION
from .deployment import Deployment, Person
from .waiting import wait_until


def move_proof(site: Deployment, person: Person, seconds: int) -> None:
    """Makes the password of a person's sessions proved so long ago, and leaves all else.

    It writes beside the program, which sees it a moment later.
    """
    database = sqlite3.connect(site.database, timeout=10)
    with database:
        database.execute(
            "UPDATE sessions SET authenticated_at = authenticated_at - ? WHERE user_id ="
            " (SELECT id FROM users WHERE username = ?)",
            [seconds, person.name],
        )
    database.close()


def make_stale(site: Deployment, person: Person, seconds: int = 7200) -> None:
    """Moves the proof and waits until the page before deleting an account asks for it again."""
    move_proof(site, person, seconds)
    wait_until(
        lambda: person.client.get("/account/delete", NAVIGATION).status == 303,
        "the session to be stale",
    )
