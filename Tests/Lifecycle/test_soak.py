"""The soak that `make soak` runs: a moment of it, and that its verdict notices growth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.program import ROOT

SOAK = ROOT / "Tests/Soak"
sys.path[1:1] = [str(SOAK)]

from verdict import SERIES, Series, judge  # noqa: E402

HOUR = [{"minutes": m / 6, "machine": 20.0} | {s.name: 100.0 + m % 7 for s in SERIES} for m in range(360)]


def test_a_moment_of_the_soak_has_no_wrong_answer(tools: None, tmp_path: Path) -> None:
    command = [SOAK / "soak.py", "--minutes", "0.25", "--interval", "3", "--folder", tmp_path]
    result = subprocess.run([sys.executable, *command], capture_output=True, timeout=120)
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()
    figures = json.loads((tmp_path / "soak.json").read_text())
    assert (figures["wrong"], figures["wrong answers"]) == (0, [])
    assert figures["answers"] > 1000, figures["acts"]
    assert "<polyline" in (tmp_path / "soak.svg").read_text()


def test_what_only_goes_up_and_down_is_flat() -> None:
    assert all(judgement.is_flat for judgement in judge(HOUR))


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.name)
def test_growth_by_half_in_the_second_half_is_noticed(series: Series) -> None:
    samples = [s | {series.name: s[series.name] + max(0, s["minutes"] - 30) * 18} for s in HOUR]
    grown = [judgement.series.name for judgement in judge(samples) if not judgement.is_flat]
    assert grown == [series.name]


def test_the_latency_of_a_busy_machine_is_not_judged() -> None:
    samples = [s | {"machine": 95.0, "p99": s["minutes"] ** 2} for s in HOUR]
    judged = {j.series.name: (j.is_judged, j.is_flat) for j in judge(samples)}
    assert judged["p99"] == (False, True)
    assert judged["cpu"] == (True, True)
