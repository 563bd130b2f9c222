"""What SECURITY.md says of OWASP ASVS is what the tests show."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not the sections of NIST's, which have four numbers.
CLAUSE = re.compile(r"(?<![\d.])\d{1,2}\.\d{1,2}\.\d{1,2}(?!\.?\d)")
RANGE = re.compile(r"(\d+\.\d+)\.(\d+)(?: to |-)\1\.(\d+)")


def clauses(text: str) -> set[str]:
    """Every clause that a text names; `3.3.1 to 3.3.4` and `3.3.1-3.3.4` name four."""
    found = set(CLAUSE.findall(text))
    for chapter, first, last in RANGE.findall(text):
        found |= {f"{chapter}.{number}" for number in range(int(first), int(last) + 1)}
    return found


def shown_by_tests() -> dict[str, set[str]]:
    """The clauses that each file of tests names, by the file's path below Tests without ending."""
    files = [*ROOT.glob("Tests/**/*.py"), *ROOT.glob("Tests/**/*.swift")]
    return {
        str(path.relative_to(ROOT / "Tests").with_suffix("")): clauses(
            " ".join(line for line in path.read_text().splitlines() if "ASVS" in line)
        )
        for path in files
        if path != Path(__file__)
    }


def rows() -> list[list[str]]:
    """The rows of the table of clauses."""
    text = (ROOT / "SECURITY.md").read_text()
    lines = [line for line in text.splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_clause_of_the_table_is_named_by_the_test_beside_it() -> None:
    """A row that says "met" and names a test is shown by that test."""
    shown = shown_by_tests()
    assert len(rows()) > 40
    for named, _, status, place in rows():
        assert status.startswith(("met", "in part", "not met")), named
        if not place:
            continue
        assert place in shown, f"{named}: there is no {place}"
        assert clauses(named) <= shown[place], f"{place} does not name {named}"


def test_every_clause_that_a_test_names_stands_in_the_document() -> None:
    """No clause is shown without being in SECURITY.md."""
    written = clauses((ROOT / "SECURITY.md").read_text())
    named = set().union(*shown_by_tests().values())
    assert not sorted(named - written), "not in SECURITY.md"
