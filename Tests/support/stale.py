"""Sessions whose password was proved long ago, without waiting for it."""

from __future__ import annotations

import sqlite3

from .curl import NAVIGATION
from .deployment import Deployment, Person
from .waiting import wait_until


def make_stale(site: Deployment, person: Person, seconds: int = 7200) -> None:
    """Makes the sessions of a person as if they had logged in so long ago, and used them since.

    It writes beside the program, which sees it a moment later: the page before deleting an account
    asks for the password then.
    """
    database = sqlite3.connect(site.database, timeout=10)
    with database:
        database.execute(
            "UPDATE sessions SET authenticated_at = authenticated_at - ? WHERE user_id ="
            " (SELECT id FROM users WHERE username = ?)",
            [seconds, person.name],
        )
    database.close()
    wait_until(
        lambda: person.client.get("/account/delete", NAVIGATION).status == 303,
        "the session to be stale",
    )
