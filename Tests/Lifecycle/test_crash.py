"""kill -9 and a start on the same folder: what was acknowledged holds (promises 2 and 3)."""

from __future__ import annotations

import random

from support.checks import assert_refused
from support.clock import let_pass
from support.deployment import Deploy
from support.ledger import Ledger, Visitor, verify

ROUNDS = 30
CLIENTS = 6


def test_accounts_and_sessions_live_on_after_a_kill(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    before = person.client.get("/me").json()
    deployment.kill()
    deployment.start()
    after = person.client.get("/me").json()
    assert after["session"]["id"] == before["session"]["id"]
    assert after["id"] == before["id"]
    assert deployment.client().log_in(person.name, person.password).status == 200


def test_accounts_and_sessions_live_on_after_a_polite_restart(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    deployment.restart()
    assert person.client.get("/me").json()["username"] == person.name


def test_a_logout_acknowledged_before_the_kill_stays_a_logout(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    cookie = person.client.ticket_cookie
    assert person.client.request("POST", "/logout").status == 204
    deployment.kill()
    deployment.start()
    assert_refused(deployment.client().get("/me", {"Cookie": cookie}))


def test_everything_acknowledged_survives_kills_at_random_moments(deploy: Deploy) -> None:
    """Dozens of kills while clients work; each is followed by a look at all that was promised."""
    deployment = deploy()
    chance = random.Random()
    everything = Ledger()
    for number in range(ROUNDS):
        workers = [Visitor(deployment, number * CLIENTS + i) for i in range(CLIENTS)]
        for worker in workers:
            worker.start()
        let_pass(chance.uniform(0.05, 0.5))
        deployment.kill()
        for worker in workers:
            worker.over.set()
        for worker in workers:
            worker.join(30)
            assert not worker.failure, worker.failure
        deployment.start()
        for worker in workers:
            verify(deployment, worker.confirmed)
            everything.add(worker.confirmed)
    assert len(everything.accounts) > ROUNDS, "the clients hardly worked"
    assert len(everything.ended) > ROUNDS, "the clients hardly logged out"
    verify(deployment, Ledger(live=everything.live, ended=everything.ended))
