"""A Debian 12 in a folder: made once from the mirror of this machine's apt, kept for later runs."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from .package import output
from .program import ROOT

# Below the folder of builds, git-ignored. Whatever is in it can be removed at any time.
PLACE = ROOT / ".build-system"

# What the machine itself needs; what Coatcheck needs is added from its package.
BASE = ["dbus", "nginx", "openssl", "systemd", "systemd-sysv"]

# Units that only cost time at the start, or that would use the network.
QUIET = ["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
         "e2scrub_reap.service", "fstrim.timer", "systemd-timesyncd.service"]


def mirrors() -> list[str]:
    """The lines of a sources.list for Debian 12 itself, from this machine's own apt."""
    if not known_mirrors():
        # Before it has fetched anything, apt does not know whose its sources are.
        subprocess.run(["apt-get", "update", "--quiet"], check=True, timeout=300)
    found = known_mirrors()
    assert found, "this machine's apt has no source of Debian 12"
    return found


def known_mirrors() -> list[str]:
    """Those lines, as far as apt knows what its sources are."""
    command = [
        *("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(CODENAME) $(COMPONENT)"),
        *("Created-By: Packages", "Origin: Debian", "Component: main"),
    ]
    return sorted({line for line in output(*command).splitlines() if " bookworm" in line})


def dependencies(package: Path) -> list[str]:
    """The names of the packages that a package depends on."""
    needed = output("dpkg-deb", "--field", package, "Depends")
    return sorted(re.findall(r"(?:^|, *)([a-z0-9][a-z0-9+.-]+)", needed))


def debian(package: Path) -> Path:
    """The folder of a Debian that has all that `package` depends on, and nginx.

    It is made anew when that, or this file, has changed. Nothing is ever written into it later.
    """
    wanted = sorted({*BASE, *dependencies(package)})
    stamp = hashlib.sha256(Path(__file__).read_bytes() + " ".join(wanted).encode()).hexdigest()
    root, mark = PLACE / "debian", PLACE / "debian.made"
    if mark.exists() and mark.read_text() == stamp:
        return root
    PLACE.mkdir(exist_ok=True)
    mark.unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    sources = PLACE / "sources.list"
    sources.write_text("\n".join(mirrors()) + "\n")
    command = [
        # In a mount namespace of its own, so that no mount outlives it.
        *("unshare", "--mount", "--propagation", "private"),
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--quiet"),
        # It need not survive a loss of power.
        "--dpkgopt=force-unsafe-io",
        f"--include={','.join(wanted)}",
        *("bookworm", root, sources),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, f"mmdebstrap: {result.stderr[-4000:]}"
    for unit in QUIET:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    # Its port 80 may be in use: the network is that of this machine.
    (root / "etc/nginx/sites-enabled/default").unlink()
    mark.write_text(stamp)
    return root
