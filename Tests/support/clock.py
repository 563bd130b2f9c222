"""Time for tests that have to let some pass."""

from __future__ import annotations

import time


def let_pass(seconds: float) -> None:
    """Waits without touching anything.

    Only for what cannot be asked for: an idle limit starts anew with every look at a session, and
    load has to last a while.
    """
    time.sleep(seconds)
