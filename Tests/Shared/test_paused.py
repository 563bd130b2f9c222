"""A machine that stands still for a while: what ended meanwhile has ended there too."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

from support.machines import Machines
from support.parallel import status_of


def test_a_machine_that_was_paused_does_not_let_in_what_ended_meanwhile(pair: Machines) -> None:
    """The first requests after the pause have waited in the socket for longer than any news."""
    person = pair[0].person()
    cookies = [pair.log_in(person, 0).ticket_cookie for _ in range(12)]
    for _ in range(2):
        assert [status_of(pair[1], cookie, "/dashboard") for cookie in cookies] == [200] * 12
    paused = pair[1].process
    paused.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(len(cookies)) as pool:
            assert person.client.request("DELETE", "/sessions").status == 204
            answers = [
                pool.submit(status_of, pair[1], cookie, "/dashboard") for cookie in cookies
            ]
            # As long as an end may be unknown elsewhere, and no longer.
            time.sleep(0.2)
            paused.send_signal(signal.SIGCONT)
            assert [answer.result(20) for answer in answers] == [401] * 12
    finally:
        paused.send_signal(signal.SIGCONT)
    assert person.client.get("/me").status == 200
