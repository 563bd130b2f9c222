"""A server that stands still for a while: what a command ended meanwhile has ended there too."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor

from support.command_line import CommandLine
from support.deployment import Deploy
from support.parallel import status_of


def test_a_server_that_was_paused_does_not_let_in_what_a_command_ended(deploy: Deploy) -> None:
    """The first requests after the pause have waited in the socket for longer than any news."""
    site = deploy()
    person = site.person()
    others = [site.client() for _ in range(8)]
    for client in others:
        assert client.log_in(person.name, person.password).status == 200
    cookies = [client.ticket_cookie for client in others]
    for _ in range(2):
        assert [status_of(site, cookie, "/dashboard") for cookie in cookies] == [200] * 8
    console = CommandLine(site)
    site.process.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(len(cookies)) as pool:
            console.do("session", "end", "--user", person.name)
            answers = [pool.submit(status_of, site, cookie, "/dashboard") for cookie in cookies]
            # The contract: a change by another process holds within a fifth of a second.
            time.sleep(0.2)
            site.process.send_signal(signal.SIGCONT)
            assert [answer.result(20) for answer in answers] == [401] * 8
    finally:
        site.process.send_signal(signal.SIGCONT)
