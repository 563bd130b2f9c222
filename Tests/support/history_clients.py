"""Clients of several machines that do everything at once and write down what they were told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .diary import FAILED, YES, Account, Answer, Diary
from .operations import BEGINNINGS, Kind

ACCOUNTS = 3
# At most so many sessions of an account, far fewer than session.per-account.
SESSIONS = 10


class Clients(Diary):
    """What one process does until it is told to stop."""

    def settle(self) -> None:
        """Makes the accounts, while all is well."""
        for number in range(ACCOUNTS):
            self.sign_up(number % len(self.sockets))
        assert len(self.accounts) == ACCOUNTS, "could not sign up"

    def run(self, is_over: Callable[[], bool]) -> None:
        """Works with two threads on each machine: one does, the other looks; then sums up."""

        def repeat(step: Callable[[int], None], machine: int) -> None:
            try:
                while not is_over():
                    step(machine)
            except Exception as error:
                self.surprises.append(repr(error))

        threads = [
            threading.Thread(target=repeat, args=(step, machine))
            for machine in range(len(self.sockets))
            for step in (self.do, self.look)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.sum_up()

    def do(self, machine: int) -> None:
        """One thing that changes something."""
        account = self.random.choice(self.accounts)
        chance = self.random.random()
        if account.is_lost:
            self.sign_up(machine)
            with account.turn:
                if len(self.accounts) > ACCOUNTS and account in self.accounts:
                    self.accounts.remove(account)
        elif len(account.live) < 3 or chance < 0.4 and len(account.live) < SESSIONS:
            self.log_in(account, machine)
        elif chance < 0.75:
            self.log_out(account, machine)
        elif chance < 0.9:
            self.end_one(account, machine)
        elif chance < 0.96:
            self.end_others(account, machine)
        else:
            self.change_password(account, machine)

    def look(self, machine: int) -> None:
        """A check of a session that is live, has ended or may have."""
        account = self.random.choice(self.accounts)
        sessions = list(account.gone if self.random.random() < 0.6 else account.live)
        if sessions:
            self.check(account, self.random.choice(sessions), machine)
        # Leaves some time to those who change something.
        time.sleep(0.001)

    def log_out(self, account: Account, machine: int) -> None:
        """Ends a session with its own ticket."""
        session = self.random.choice(list(account.live) or [""])
        if account.live.pop(session, None) is None:
            return
        account.gone.append(session)
        answer = self.ask(machine, "POST", "/logout", session)
        outcome = YES if answer.status == 204 else FAILED
        self.note(Kind.END, account, session, machine, answer, outcome)

    def end_one(self, account: Account, machine: int) -> None:
        """Ends a session with the ticket of another."""
        known = list(account.live.items())
        if len(known) < 2:
            return
        (own, _), (other, identifier) = self.random.sample(known, 2)
        if account.live.pop(other, None) is None:
            return
        account.gone.append(other)
        answer = self.ask(machine, "DELETE", f"/sessions/{identifier}", own)
        # My own or the other one may have ended meanwhile, which a write finds before any check.
        if answer.status not in (401, 404):
            outcome = YES if answer.status == 204 else FAILED
            self.note(Kind.END, account, other, machine, answer, outcome)

    def end_others(self, account: Account, machine: int) -> None:
        """Ends every session but one, with its ticket."""
        known = list(account.live)
        own = self.random.choice(known or [""])
        answer = self.ask(machine, "DELETE", "/sessions", own)
        self._have_ended(Kind.END_OTHERS, account, known, own, own, machine, answer)

    def change_password(self, account: Account, machine: int) -> None:
        """Gives an account another password, which begins a session and ends all others."""
        with account.turn:
            known = list(account.live)
            own, new = self.random.choice(known or [""]), self.password()
            body = {"current": account.password, "new": new}
            answer = self.ask(machine, "POST", "/password", own, body)
            session = self.ticket(answer) if answer.status == 204 else ""
            self._have_ended(Kind.CHANGE, account, known, own, session, machine, answer)
            if session:
                account.password = new
                self.learn(account, session)
            elif answer.status in (0, 503):
                account.is_lost = True

    def _have_ended(
        self,
        kind: Kind,
        account: Account,
        known: list[str],
        own: str,
        kept: str,
        machine: int,
        answer: Answer,
    ) -> None:
        if answer.status == 401:
            # My own has ended meanwhile.
            known = [own]
        else:
            outcome = YES if answer.status == 204 else FAILED
            replaces = own if kind is Kind.CHANGE and outcome is YES else ""
            self.note(kind, account, kept, machine, answer, outcome, replaces)
            if own == kept and own in known:
                known.remove(own)
        for session in known:
            if account.live.pop(session, None) is not None:
                account.gone.append(session)

    def sum_up(self) -> None:
        """Asks each machine for every session that there ever was, and for every account."""
        begun = [(one.person, one.session) for one in self.operations if one.kind in BEGINNINGS]
        for machine in range(len(self.sockets)):
            for name, session in begun:
                if session:
                    self.check(Account(name, ""), session, machine)
            for account in self.accounts:
                if not account.is_lost:
                    self.log_in(account, machine)
