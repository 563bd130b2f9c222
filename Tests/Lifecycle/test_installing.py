"""`make install` and `make uninstall`, for systems without Debian's packages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.package import output
from support.program import ROOT


class Place:
    """A folder to install into, as if it were the root of another system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = root / "etc/coatcheck/coatcheck.yaml"
        self.snippet = root / "etc/nginx/snippets/coatcheck-http.conf"

    def run(self, action: str) -> str:
        """Installs or uninstalls, and returns what was said."""
        return output(ROOT / "deploy/install", action, DESTDIR=str(self.root),
                      PREFIX="/opt/a&b", PATH=os.environ["PATH"])

    def files(self) -> set[str]:
        """Every file that is there."""
        return {str(p.relative_to(self.root)) for p in self.root.rglob("*") if not p.is_dir()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place where Coatcheck has been installed."""
    place = Place(tmp_path / "root")
    assert place.run("install") == ""
    return place


def test_the_program_runs_where_it_was_installed(place: Place) -> None:
    """With its runtime inside."""
    assert output(place.root / "opt/a&b/bin/coatcheck", "--version").strip()


def test_units_snippets_and_manual_pages_name_the_paths_of_the_prefix(place: Place) -> None:
    """Nothing installed points at /usr."""
    opt = place.root / "opt/a&b"
    assert "ExecStart=/opt/a&b/bin/coatcheck serve" in (
        opt / "lib/systemd/system/coatcheck.service").read_text()
    assert 'alias "/opt/a&b/share/coatcheck/nginx/static/";' in (
        place.root / "etc/nginx/snippets/coatcheck-static.conf").read_text()
    texts = [*opt.glob("lib/systemd/system/*"), *opt.glob("share/man/*/*"),
             *opt.glob("share/coatcheck/nginx/snippets/*"), *place.root.glob("etc/nginx/*/*")]
    assert len(texts) > 30
    for text in texts:
        for path in ["/usr/bin/coatcheck", "/usr/share/coatcheck", "/usr/share/doc/coatcheck"]:
            assert path not in text.read_text(), text


def test_uninstalling_leaves_no_file_and_no_folder_of_ours(place: Place) -> None:
    """What was installed and not edited is gone."""
    assert place.run("uninstall") == ""
    assert place.files() == set()
    assert not [p for p in place.root.rglob("*coatcheck*")]


def test_edited_settings_outlive_installing_again_and_uninstalling(place: Place) -> None:
    """What an administrator wrote is nobody else's to remove."""
    place.settings.write_text("site.sign-up: false\n")
    place.snippet.write_text("# mine\n")
    assert place.run("install").count("Kept, since it was edited") == 2
    assert place.run("uninstall").count("Kept, since it was edited") == 2
    assert place.files() == {"etc/coatcheck/coatcheck.yaml",
                             "etc/nginx/snippets/coatcheck-http.conf"}
    assert place.settings.read_text() == "site.sign-up: false\n"


def test_settings_that_nobody_edited_follow_an_upgrade(place: Place) -> None:
    """A snippet of the version before, as it was installed, is replaced."""
    old = place.root / "opt/a&b/share/coatcheck/nginx/snippets/coatcheck-http.conf"
    new = place.snippet.read_text()
    for path in [old, place.snippet]:
        path.write_text("# the version before\n")
    place.run("install")
    assert place.snippet.read_text() == new


@pytest.mark.parametrize("name", ["PREFIX", "prefix"])
def test_the_prefix_may_be_written_in_either_case(name: str) -> None:
    """As Debian's tools and as GNU's write it."""
    said = output("make", "-C", ROOT, "--dry-run", "install", f"{name}=/opt/coat")
    assert "PREFIX='/opt/coat'" in said
    assert "UNITDIR='/opt/coat/lib/systemd/system'" in said
