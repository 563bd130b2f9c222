"""The Debian package: what is in it, how it was built, and what its scripts do.

It is looked at here; the tests of a whole system install it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.package import deb, output, unpack
from support.program import ROOT

# A file of each kind that the package must bring, with its mode.
EXPECTED = {
    "./usr/bin/coatcheck": "-rwxr-xr-x",
    "./lib/systemd/system/coatcheck.service": "-rw-r--r--",
    "./lib/systemd/system/coatcheck.socket": "-rw-r--r--",
    "./usr/lib/sysusers.d/coatcheck.conf": "-rw-r--r--",
    "./usr/lib/tmpfiles.d/coatcheck.conf": "-rw-r--r--",
    "./etc/coatcheck/coatcheck.yaml": "-rw-r--r--",
    "./etc/nginx/snippets/coatcheck-protect.conf": "-rw-r--r--",
    "./usr/share/coatcheck/nginx/static/style.css": "-rw-r--r--",
    "./usr/share/coatcheck/nginx/errors/unavailable.html": "-rw-r--r--",
    "./usr/share/man/man1/coatcheck.1.gz": "-rw-r--r--",
    "./usr/share/man/man5/coatcheck.yaml.5.gz": "-rw-r--r--",
    "./usr/share/bash-completion/completions/coatcheck": "-rw-r--r--",
    "./usr/share/doc/coatcheck/README.md": "-rw-r--r--",
    "./usr/share/doc/coatcheck/SECURITY.md": "-rw-r--r--",
    "./usr/share/doc/coatcheck/CHANGELOG.md": "-rw-r--r--",
    "./usr/share/doc/coatcheck/changelog.gz": "-rw-r--r--",
    "./usr/share/doc/coatcheck/copyright": "-rw-r--r--",
    "./usr/share/doc/coatcheck/examples/coatcheck.yaml": "-rw-r--r--",
    "./usr/share/doc/coatcheck/examples/two-machines/README.md": "-rw-r--r--",
    "./usr/share/doc/coatcheck/examples/two-machines/machine/engines.conf": "-rw-r--r--",
}
INVOCATION = re.compile(r"deb-systemd-invoke (\S+) (.*) >/dev/null")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's files, with its scripts in DEBIAN."""
    return unpack(tmp_path_factory.mktemp("package") / "files")


def listed() -> dict[str, tuple[str, str]]:
    """Mode and owner of every path in the package."""
    rows = (line.split(None, 5) for line in output("dpkg-deb", "--contents", deb()).splitlines())
    return {path: (mode, owner) for mode, owner, _, _, _, path in rows}


def invocations(script: Path) -> list[tuple[str, str, str]]:
    """Condition, action and units of each call of the service manager in a script."""
    found, condition = [], ""
    for line in script.read_text().splitlines():
        if line.startswith("if "):
            condition = line
        if call := INVOCATION.search(line):
            found.append((condition, call[1], call[2].replace("'", "")))
    return found


def test_the_package_brings_what_an_administrator_looks_for() -> None:
    """Program, units, settings, snippets, manual pages and documents, with their modes."""
    modes = {path: mode for path, (mode, _) in listed().items()}
    assert {path: modes.get(path) for path in EXPECTED} == EXPECTED


def test_every_unit_of_the_tree_is_in_the_package() -> None:
    """The backup's timer as well, and whatever comes later."""
    units = [p.name for p in (ROOT / "deploy").glob("coatcheck*.*")
             if p.suffix in (".service", ".socket", ".timer")]
    assert units
    assert {f"./lib/systemd/system/{name}" for name in units} <= set(listed())


def test_all_files_are_roots_and_nobody_else_may_write_them() -> None:
    """The program runs as an account that could otherwise change its own files."""
    for path, (mode, owner) in listed().items():
        assert owner == "root/root", path
        assert (mode[5], mode[8]) == ("-", "-"), f"{path} {mode}"


def test_the_version_is_that_of_the_program_and_of_the_changelog(unpacked: Path) -> None:
    """It stands in one place, and the other two agree with it."""
    version = output("dpkg-deb", "--field", deb(), "Version").strip()
    assert output(unpacked / "usr/bin/coatcheck", "--version").strip() == version
    assert (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1].splitlines()[0] == version


def test_a_version_without_a_heading_in_the_changelog_is_not_packaged(tmp_path: Path) -> None:
    """What was changed is written down before anybody can install it."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / "Sources/coatcheck").mkdir(parents=True)
    shutil.copy(ROOT / "Sources/coatcheck/Coatcheck.swift", tmp_path / "Sources/coatcheck")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 99.0.0\n")
    (tmp_path / ".build").symlink_to(ROOT / ".build")
    result = subprocess.run([tmp_path / "deploy/make-deb"], capture_output=True, text=True,
                            timeout=60)
    assert result.returncode == 1
    assert "CHANGELOG.md begins with 99.0.0" in result.stderr


def test_lintian_finds_neither_errors_nor_warnings() -> None:
    """Debian's own checks; --allow-root because CI is root."""
    output("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
           deb())


def test_every_exception_from_lintian_has_its_reason() -> None:
    """A comment stands before each."""
    lines = (ROOT / "deploy/debian/coatcheck.lintian-overrides").read_text().splitlines()
    for comment, line in zip(lines[::2], lines[1::2], strict=True):
        assert comment.startswith("# ")
        assert line.startswith("coatcheck: ")


def test_the_program_is_hardened_and_needs_no_swift(unpacked: Path) -> None:
    """Position-independent, bound and write-protected at the start, with the runtime inside."""
    dynamic = output("readelf", "--wide", "--dynamic", "--program-headers", "--notes",
                     unpacked / "usr/bin/coatcheck")
    for mark in ["Flags: NOW PIE", "GNU_RELRO", "Build ID: "]:
        assert mark in dynamic
    assert "libswift" not in dynamic
    assert not re.search(r"GNU_STACK.* RWE", dynamic)


def test_the_settings_that_are_installed_can_be_used(unpacked: Path) -> None:
    """They set nothing, so a setting with a new default is no question at an upgrade."""
    settings = unpacked / "etc/coatcheck/coatcheck.yaml"
    assert all(line.startswith("#") or not line for line in settings.read_text().splitlines())
    said = output(unpacked / "usr/bin/coatcheck", "config", "check", "--config", settings)
    assert "The settings can be used." in said


def test_settings_and_snippets_survive_an_upgrade_that_changes_them(unpacked: Path) -> None:
    """They are conffiles: an edited one is kept, or asked about; another is replaced."""
    conffiles = (unpacked / "DEBIAN/conffiles").read_text().split()
    names = [path.name for path in (ROOT / "nginx/snippets").iterdir()]
    expected = [f"/etc/nginx/snippets/{name}" for name in names]
    assert sorted(conffiles) == sorted(["/etc/coatcheck/coatcheck.yaml", *expected])


def test_an_upgrade_never_stops_the_socket(unpacked: Path) -> None:
    """Requests wait in it while the service restarts, so none is refused."""
    assert not (unpacked / "DEBIAN/preinst").exists()
    for condition, action, _ in invocations(unpacked / "DEBIAN/prerm"):
        assert action == "stop"
        assert '"$1" = remove' in condition
    actions = {action for _, action, units in invocations(unpacked / "DEBIAN/postinst")
               if "coatcheck.socket" in units.split()}
    assert actions == {"start"}


def test_an_upgrade_restarts_the_service(unpacked: Path) -> None:
    """And an installation starts it."""
    script = unpacked / "DEBIAN/postinst"
    calls = [(action, units) for _, action, units in invocations(script)
             if "coatcheck.service" in units.split()]
    assert calls and all(action == "$_dh_action" for action, _ in calls)
    assert "_dh_action=restart" in script.read_text()


def test_account_and_folders_are_there_before_the_units_start(unpacked: Path) -> None:
    """systemd-sysusers and systemd-tmpfiles come first."""
    script = (unpacked / "DEBIAN/postinst").read_text()
    places = [script.index(word) for word in
              ["systemd-sysusers ", "systemd-tmpfiles ", "deb-systemd-invoke start"]]
    assert places == sorted(places)


def test_a_purge_says_what_goes_before_it_removes_anything(unpacked: Path) -> None:
    """The folders are named with what is in them, and an answer can keep the data."""
    script = (unpacked / "DEBIAN/postrm").read_text()
    steps = script[script.index('if [ "$1" = purge ]'):]
    places = [steps.index(word) for word in ["announce", "rm -rf /etc/coatcheck", "consents",
                                             "rm -rf $data"]]
    assert places == sorted(places)
    assert "/var/lib/coatcheck /var/backups/coatcheck" in script
