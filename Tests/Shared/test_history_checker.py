"""The checker of histories finds each kind of violation, and none in a history that is right."""

from __future__ import annotations

from dataclasses import replace

from support.crowd import Watch
from support.history import lags, percentile, violations
from support.operations import Fault, Kind, Operation, Outcome

HERE, THERE = 0, 1
YES, REFUSED, FAILED = Outcome.YES, Outcome.REFUSED, Outcome.FAILED


def op(
    kind: Kind,
    at: float,
    machine: int = HERE,
    outcome: Outcome = YES,
    session: str = "s",
    took: float = 0.01,
) -> Operation:
    """An operation of the one person of these histories."""
    return Operation(kind, "alice", session, machine, at, at + took, outcome)


def found(*operations: Operation, fault: Fault | None = None) -> list[str]:
    """What the checker finds."""
    return violations(operations, [fault] if fault else [])


LOGIN = op(Kind.LOGIN, 1.0)
LOGOUT = op(Kind.END, 2.0)


def test_a_life_that_is_right_has_no_violation() -> None:
    assert not found(
        LOGIN,
        op(Kind.CHECK, 1.2, HERE),
        op(Kind.CHECK, 1.2, THERE),
        # At the same time as the end it may be either.
        op(Kind.CHECK, 1.995, HERE, YES),
        op(Kind.CHECK, 2.005, HERE, REFUSED),
        LOGOUT,
        # The other machine may not know yet.
        op(Kind.CHECK, 2.15, THERE, YES),
        op(Kind.CHECK, 2.02, HERE, REFUSED),
        op(Kind.CHECK, 2.3, THERE, REFUSED),
    )


def test_whoever_is_let_in_elsewhere_too_long_after_the_end_is_found() -> None:
    late = op(Kind.CHECK, 2.22, THERE, YES)
    assert found(LOGIN, LOGOUT, late) == [
        "let in on machine 1 210.0 ms after the end on machine 0"
    ]


def test_whoever_is_let_in_on_the_same_machine_after_the_end_is_found() -> None:
    assert found(LOGIN, LOGOUT, op(Kind.CHECK, 2.011, HERE, YES))


def test_whoever_is_let_in_after_a_refusal_is_found() -> None:
    """Also when nobody knows whether the end was done."""
    unsure = op(Kind.END, 2.0, HERE, FAILED)
    refusal, fault = op(Kind.CHECK, 2.1, THERE, REFUSED), Fault(1.9, 2.1)
    assert not found(LOGIN, unsure, refusal, fault=fault)
    assert found(LOGIN, unsure, refusal, op(Kind.CHECK, 2.12, THERE, YES), fault=fault)
    assert not found(LOGIN, unsure, refusal, op(Kind.CHECK, 2.12, HERE, YES), fault=fault)
    assert found(LOGIN, unsure, refusal, op(Kind.CHECK, 2.5, HERE, YES), fault=fault)


def test_a_session_may_flicker_while_its_end_is_under_way() -> None:
    slow = op(Kind.END, 2.0, THERE, took=0.5)
    assert not found(
        LOGIN, slow, op(Kind.CHECK, 2.1, HERE, REFUSED), op(Kind.CHECK, 2.2, HERE, YES)
    )


def test_a_refusal_of_somebody_who_is_logged_in_is_found() -> None:
    for machine in (HERE, THERE):
        assert found(LOGIN, op(Kind.CHECK, 1.011, machine, REFUSED), LOGOUT)
    # Before the login was answered nobody can have had the ticket.
    assert not found(LOGIN, op(Kind.CHECK, 1.005, THERE, REFUSED))


def test_a_lost_login_is_found_and_one_that_a_fault_may_lose_is_not() -> None:
    refusal = op(Kind.CHECK, 3.0, THERE, REFUSED)
    assert found(LOGIN, refusal, fault=Fault(1.5, 2.0))
    assert not found(LOGIN, refusal, fault=Fault(1.5, 2.0, empties=True))
    assert not found(LOGIN, refusal, fault=Fault(1.5, 2.0, loses=1.0))
    assert found(LOGIN, refusal, fault=Fault(1.5, 2.0, loses=0.1))
    later = op(Kind.LOGIN, 2.1, session="later")
    refusal = op(Kind.CHECK, 3.0, THERE, REFUSED, "later")
    assert found(later, refusal, fault=Fault(1.5, 2.0, empties=True))


def test_a_lost_logout_is_found_and_one_that_a_fault_may_lose_is_not() -> None:
    again = op(Kind.CHECK, 4.0, THERE, YES)
    assert found(LOGIN, LOGOUT, again, fault=Fault(2.5, 3.0))
    assert found(LOGIN, LOGOUT, again, fault=Fault(2.5, 3.0, empties=True))
    assert not found(LOGIN, LOGOUT, again, fault=Fault(2.5, 3.0, loses=1.0))


def test_an_end_of_the_others_spares_its_own_and_later_ones() -> None:
    others = op(Kind.END_OTHERS, 2.0, session="mine")
    mine = op(Kind.LOGIN, 1.5, session="mine")
    later = op(Kind.LOGIN, 2.1, session="later")
    assert found(LOGIN, mine, others, op(Kind.CHECK, 2.5, THERE, YES))
    assert not found(LOGIN, mine, others, op(Kind.CHECK, 2.5, THERE, REFUSED))
    for session in ("mine", "later"):
        assert found(mine, others, later, op(Kind.CHECK, 2.5, THERE, REFUSED, session))
    # A login at the same time may be met or not.
    beside = op(Kind.LOGIN, 1.995, session="beside")
    for outcome in (YES, REFUSED):
        assert not found(beside, others, op(Kind.CHECK, 2.5, THERE, outcome, "beside"))


def test_a_new_password_ends_what_was_and_begins_a_session() -> None:
    change = op(Kind.CHANGE, 2.0, session="new")
    assert found(LOGIN, change, op(Kind.CHECK, 2.5, THERE, YES))
    assert found(LOGIN, change, op(Kind.CHECK, 2.5, THERE, REFUSED, "new"))


def test_an_end_under_way_meets_the_session_under_its_new_ticket() -> None:
    """A logout that crosses a change of the password is a logout."""
    change = replace(op(Kind.CHANGE, 1.9, THERE, session="new", took=0.2), replaces="s")
    refusal = op(Kind.CHECK, 2.5, THERE, REFUSED, "new")
    assert not found(LOGIN, change, LOGOUT, refusal)
    assert not found(LOGIN, change, LOGOUT, op(Kind.CHECK, 2.5, THERE, YES, "new"))
    assert found(LOGIN, change, refusal)
    assert not found(LOGIN, change, op(Kind.END_OTHERS, 2.2), op(Kind.CHECK, 2.5, session="new"))


def test_a_refused_login_is_found_unless_the_password_was_being_changed() -> None:
    refused = op(Kind.LOGIN, 2.0, THERE, REFUSED, "")
    assert found(refused)
    assert not found(refused, op(Kind.CHANGE, 1.995, session="new"))
    assert found(refused, op(Kind.CHANGE, 1.5, session="new"))
    assert not found(refused, op(Kind.CHANGE, 1.5, HERE, FAILED, ""), fault=Fault(1.4, 1.5))


def test_a_failure_without_a_fault_is_found() -> None:
    failed = op(Kind.CHECK, 2.0, THERE, FAILED)
    assert found(LOGIN, failed)
    assert not found(LOGIN, failed, fault=Fault(1.9, 2.1))
    assert not found(LOGIN, failed, fault=Fault(1.0, 1.1))
    assert found(LOGIN, failed, fault=Fault(0.5, 0.9))
    assert found(LOGIN, failed, fault=Fault(2.1, 3.0))


def test_an_answer_that_took_too_long_is_found() -> None:
    assert found(LOGIN, op(Kind.CHECK, 2.0, took=2.6))


def test_the_pauses_of_its_own_process_do_not_make_an_answer_late() -> None:
    slow, watch = op(Kind.CHECK, 2.0, took=2.7), Watch()
    watch.pauses = [(1.0, 2.05), (3.0, 3.1), (4.6, 5.0), (6.0, 7.0)]
    assert round(watch.marked(slow).paused, 6) == 0.25
    assert found(LOGIN, watch.marked(slow)) == []
    watch.pauses = watch.pauses[:2]
    assert found(LOGIN, watch.marked(slow)) == ["check on machine 0: took 2.550 s"]


def test_the_lag_of_an_end_is_that_of_the_last_check_let_in_elsewhere() -> None:
    checks = [op(Kind.CHECK, 2.03, THERE, YES), op(Kind.CHECK, 2.05, THERE, YES)]
    refused = op(Kind.CHECK, 2.06, THERE, REFUSED)
    assert [round(lag, 6) for lag in lags([LOGIN, LOGOUT, *checks, refused])] == [0.04]
    assert lags([LOGIN, LOGOUT, refused]) == [0.0]
    assert lags([LOGIN, LOGOUT, op(Kind.CHECK, 2.06, HERE, REFUSED)]) == []


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(n) for n in range(1, 1001)]
    assert (percentile(values, 50), percentile(values, 99.9)) == (500.0, 999.0)
    assert percentile([3.0], 99.9) == 3.0
