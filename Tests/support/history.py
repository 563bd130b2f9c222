"""What clients of several machines did and were told, and whether it is what is promised.

`violations` is a pure function: it knows nothing of caches, feeds or engines, only of what the
clients saw. Operations that overlap may have happened in either order; one that began after
another was answered came after it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .operations import BEGINNINGS, Bounds, Fault, Kind, Operation, Outcome


@dataclass
class Life:
    """What happened to one session."""

    begin: Operation
    checks: list[Operation] = field(default_factory=list)
    # What may have ended it.
    ends: list[Operation] = field(default_factory=list)
    # What may have, if it met its former ticket or spared it: sparing or ending goes with the
    # session from ticket to ticket.
    crossings: list[Operation] = field(default_factory=list)

    def sure_ends(self, faults: Sequence[Fault] = ()) -> list[Operation]:
        """What has ended it for certain: acknowledged, begun after the login was, and not lost."""
        return [
            end
            for end in self.ends
            if end.outcome is Outcome.YES
            and (end.kind is Kind.END or end.invoked > self.begin.answered)
            and not any(fault.loses and fault.loses_work(end) for fault in faults)
        ]

    def told(self, outcome: Outcome) -> list[Operation]:
        """The checks with this answer."""
        return [check for check in self.checks if check.outcome is outcome]


def lives(operations: Iterable[Operation]) -> dict[str, Life]:
    """What happened to each session that a login or a change of the password began."""
    operations = sorted(operations, key=lambda operation: operation.invoked)
    found: dict[str, Life] = {}
    theirs: dict[str, list[str]] = defaultdict(list)
    for operation in operations:
        if operation.kind in BEGINNINGS and operation.outcome is Outcome.YES and operation.session:
            found[operation.session] = Life(operation)
            theirs[operation.person].append(operation.session)
    next_of = {life.begin.replaces: new for new, life in found.items() if life.begin.replaces}
    for operation in operations:
        life = found.get(operation.session)
        if operation.kind is Kind.CHECK and life is not None:
            life.checks.append(operation)
        elif operation.outcome is Outcome.REFUSED:
            continue
        elif operation.kind is Kind.END and life is not None:
            life.ends.append(operation)
            for heir in heirs(operation.session, next_of):
                found[heir].crossings.append(operation)
        elif operation.kind in (Kind.END_OTHERS, Kind.CHANGE):
            spared = heirs(operation.session, next_of)
            for session in theirs[operation.person]:
                # Whoever logged in after the answer is not met.
                if session == operation.session or found[session].begin.invoked > operation.over:
                    continue
                kept = found[session].crossings if session in spared else found[session].ends
                kept.append(operation)
    return found


def heirs(session: str, next_of: dict[str, str]) -> list[str]:
    """The tickets under which a session went on."""
    found = []
    while session := next_of.get(session, ""):
        found.append(session)
    return found


def violations(
    operations: Sequence[Operation], faults: Sequence[Fault] = (), bounds: Bounds = Bounds()
) -> list[str]:
    """A sentence for each promise that is broken."""
    broken = [text for life in lives(operations).values() for text in of_life(life, faults, bounds)]
    changes: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        if operation.kind is Kind.CHANGE and operation.outcome is not Outcome.REFUSED:
            changes[operation.person].append(operation)
    for operation in operations:
        what = f"{operation.kind.value} on machine {operation.machine}"
        took = operation.answered - operation.invoked - operation.paused
        if took > bounds.patience:
            broken.append(f"{what}: took {took:.3f} s")
        if operation.outcome is Outcome.FAILED and not may_fail(operation, faults, bounds):
            broken.append(f"{what} at {operation.invoked:.3f}: failed without a fault")
        if operation.kind is Kind.LOGIN and operation.outcome is Outcome.REFUSED:
            changed = any(
                change.invoked < operation.answered and change.over > operation.invoked
                for change in changes[operation.person]
            )
            if not changed:
                broken.append(f"{what} at {operation.invoked:.3f}: the password was refused")
    return broken


def of_life(life: Life, faults: Sequence[Fault], bounds: Bounds) -> Iterable[str]:
    """What is broken of the promises about one session."""
    refusals = sorted(life.told(Outcome.REFUSED), key=lambda one: one.answered)
    for check in life.told(Outcome.YES):
        for end in life.sure_ends(faults):
            late = check.invoked - end.answered
            if late > allowed(end, check, bounds):
                yield (
                    f"let in on machine {check.machine} {1000 * late:.1f} ms after the"
                    f" {end.kind.value} on machine {end.machine}"
                )
        for refusal in refusals:
            late = check.invoked - refusal.answered
            if late <= 0:
                break
            is_excused = is_ending(life, refusal, check, faults)
            if late > allowed(refusal, check, bounds) and not is_excused:
                yield (
                    f"let in on machine {check.machine} {1000 * late:.1f} ms after being refused"
                    f" on machine {refusal.machine}"
                )
    for check in refusals:
        causes = life.ends + life.crossings
        may_be_over = any(end.invoked < check.answered for end in causes)
        is_lost = any(
            (fault.empties or fault.loses_work(life.begin))
            and life.begin.invoked < fault.end
            and fault.begin < check.answered
            for fault in faults
        )
        if check.invoked > life.begin.answered and not may_be_over and not is_lost:
            age = check.invoked - life.begin.answered
            yield f"refused on machine {check.machine} {1000 * age:.1f} ms after the login"


def allowed(cause: Operation, check: Operation, bounds: Bounds) -> float:
    """How long after `cause` another machine may not know of it; the same one knows at once."""
    return 0.0 if cause.machine == check.machine else bounds.elsewhere


def is_ending(
    life: Life, refusal: Operation, check: Operation, faults: Sequence[Fault]
) -> bool:
    """Whether what a refusal has seen was under way when a later check was made, or was lost.

    Until an end is answered the session is neither: the engine may have let go of it while the
    machine has not been told.
    """
    return any(
        end.invoked < refusal.answered and end.answered > check.invoked
        for end in life.ends + life.crossings
    ) or any(
        fault.loses and fault.loses_work(refusal) and fault.begin < check.answered
        for fault in faults
    )


def may_fail(operation: Operation, faults: Sequence[Fault], bounds: Bounds) -> bool:
    """Whether there was a fault in the time of an operation, or had been just before."""
    return any(
        fault.begin <= operation.answered and operation.invoked <= fault.end + bounds.recovery
        for fault in faults
    )


def lags(operations: Sequence[Operation]) -> list[float]:
    """How late the last check let in each ended session on another machine, in seconds.

    One figure for each session and each other machine that was asked after the end; 0 where every
    check that began after the acknowledgement was refused.
    """
    found: list[float] = []
    for life in lives(operations).values():
        if not (ends := life.sure_ends()):
            continue
        end = min(ends, key=lambda one: one.answered)
        late: dict[int, float] = {}
        for check in life.checks:
            if check.machine != end.machine and check.invoked > end.answered:
                lag = check.invoked - end.answered if check.outcome is Outcome.YES else 0.0
                late[check.machine] = max(lag, late.get(check.machine, 0.0))
        found += late.values()
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many hundredths of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(round(share * len(ordered) / 100, 6)) - 1)]
