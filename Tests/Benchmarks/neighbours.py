"""Checks at one machine while people log in at another, more than it can hash passwords for.

Both machines are programs on this one, and share its cores. So the storm is also let loose at a
machine that has engines of its own, which takes as much of the processor: what is left between the
two is what the engine that is shared does.
"""

import contextlib
import secrets
import time
from functools import partial

import store
import trips
from figures import Target, latencies, latency_ratio, rate_ratio, rates, table
from load import rounds, run
from shared import NAMES, move
from sites import metric, start_coatcheck, warm
from storm import CLIENTS, LANES, MEMORY, PASSES, PEOPLE, answered, storm, with_password

WAY = "auth_request"
# Milliseconds between an answer and the next login of that client, who heeds Retry-After. Logins
# beyond the queue would only be refused: no engine hears of those.
PAUSE = 1000
FLUSHES = "coatcheck_session_cache_flushes_total"
ALONE, ELSEWHERE, HERE = "no storm", "on other engines", "on the same engines"


def measure(stage, options, ours, others):
    """Checks alone, and beside a storm at a machine of the same engines and of others.

    Returns Markdown, figures and targets, and the settings of the machines by engine.
    """
    password = secrets.token_hex(16)
    hashing = {"password.memory": MEMORY, "password.passes": PASSES, "password.lanes": LANES}
    source = start_coatcheck(stage, "people", partial(with_password, password), **hashing)
    stage.stop([source.child])
    answers, flushes = {}, {}
    groups, operations, last = {}, {}, {}
    for engine, name in NAMES.items():
        settings, apart = ours.settings(engine), others.settings(engine)
        for place, own in ((name, settings), (f"{name} apart", apart)):
            move(stage, source.folder / "coatcheck.db", f"people {place}", own)
        site = start_coatcheck(stage, f"{name} checks", **settings)
        site.cookies = source.cookies
        second = start_coatcheck(stage, f"{name} storm", **settings, **hashing)
        third = start_coatcheck(stage, f"{name} apart storm", **apart, **hashing)
        operations[name] = trips.Operations(second, ours, first=10**6).measure()
        last[name] = settings
        answers[name] = {state: [] for state in (ALONE, ELSEWHERE, HERE)}
        flushes[name] = {state: [] for state in answers[name]}
        groups[name] = {
            state: partial(beside, at and partial(storm, at, password, "/api/login", PAUSE,
                                                  answers=answers[name][state]),
                           site, flushes[name][state])
            for state, at in ((ALONE, None), (ELSEWHERE, third), (HERE, second))}
    runs = rounds(groups, options)

    rows, targets = [], []
    for name, members in runs.items():
        for state, own in members.items():
            rows.append([name, state, rates(own).text(",.0f"),
                         rate_ratio(own, members[ALONE]).text(".2f"),
                         *(f"{latencies(own, point).median:.2f}" for point in (50, 99)),
                         f"{sum(flushes[name][state]):.0f}", answered(answers[name][state])])
        targets.append(Target(f"{name}: checks beside a storm on the same engines, of those beside "
                              "one on others",
                              rate_ratio(members[HERE], members[ELSEWHERE]).median, least=0.9))
    late = ", ".join(f"{name} {latency_ratio(own[HERE], own[ELSEWHERE], 99).text('.2f')}"
                     for name, own in runs.items())
    markdown = (
        f"{CLIENTS} clients log in at a second machine again and again, a second after each "
        f"answer; its hashes take {LANES} lanes of {MEMORY} KiB, and are what limits logins. "
        "All machines share these cores, so the storm is compared with the same one at a machine "
        "that has engines of its own. p99 with the storm on the same engines, of that with it on "
        f"others: {late}.\n\n"
        + table(["engine", "storm", "checks/s", "of those alone", "p50 ms", "p99 ms",
                 "cache emptied", "logins by status"], rows))
    figures = {"checks": runs, "operations": operations, "flushes": flushes}
    return markdown, figures, targets, last


def beside(disturbance, site, flushes, seconds):
    """Checks at one machine while another is disturbed; notes how often the cache was emptied."""
    warm(site, PEOPLE * store.DEVICES)
    with contextlib.ExitStack() as stack:
        if disturbance:
            stack.enter_context(disturbance(seconds))
        time.sleep(0.5)
        before = metric(site, FLUSHES)
        found = run(site.urls[WAY], site.cookies, 8, seconds)
    flushes.append(metric(site, FLUSHES) - before)
    return found
