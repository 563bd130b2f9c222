"""The processes of a benchmark run: the peers, each behind an nginx of its own, and their end."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Threads of every peer: Coatcheck's default, and the flat part of the curve on two cores.
WORKERS = 16
# What a location that a peer guards, and the check itself, are called in site.conf.
WAYS = {"direct": "/direct", "auth_request": "/guarded/file"}


class Peer:
    """Something that answers checks: its name and what starts it.

    `command(folder, socket)` returns a command line and what it needs in its environment.
    """

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.port = 0


def coatcheck(folder, unix_socket):
    """Coatcheck with its cheapest hashing: accounts sign up before the measurement."""
    program = os.environ.get("COATCHECK_BINARY") or ROOT / ".build/release/coatcheck"
    settings = folder / "coatcheck.yaml"
    settings.write_text(f"workers: {WORKERS}\n")
    return [program, "serve", "--config", settings], {
        "COATCHECK_SOCKET_PATH": str(unix_socket),
        "COATCHECK_SOCKET_MODE": "0666",  # nginx's workers may be somebody else
        "COATCHECK_STORAGE_PATH": str(folder / "coatcheck.db"),
        "COATCHECK_COOKIE_SECURE": "false",
        "COATCHECK_PASSWORD_MEMORY": "8192",
        "COATCHECK_PASSWORD_PASSES": "1",
        "COATCHECK_LOG_LEVEL": "warning",
    }


def responder(folder, unix_socket):
    """The floor: responder.c, compiled here."""
    program = folder / "responder"
    subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-o", program, HERE / "responder.c",
                    "-lfcgi", "-lpthread"], check=True)
    return [program, unix_socket, WORKERS], {}


class Stage:
    """Everything that runs: started in a folder of its own, stopped on leaving whatever happened."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coatcheck-bench-"))
        self.folder.chmod(0o755)  # nginx's workers may be somebody else
        self.children = []

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(15)
            child.kill()
            child.wait()
        if failure is not None:
            for log in sorted(self.folder.rglob("*.log")):
                print(f"--- {log.relative_to(self.folder)}", file=sys.stderr)
                print(*log.read_text("utf-8", "replace").splitlines()[-20:], sep="\n",
                      file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, peer):
        """Starts a peer and its nginx, and waits until both serve."""
        folder = self.folder / re.sub(r"\W", "-", peer.name)
        (folder / "files").mkdir(parents=True)
        (folder / "files/file").write_text("ok")
        unix_socket = folder / "fcgi.sock"
        command, environment = peer.command(folder, unix_socket)
        child = self._run(command, folder / "peer.log", environment)
        wait_until(lambda: connects(socket.AF_UNIX, str(unix_socket)),
                   f"{peer.name} to listen", child)
        unix_socket.chmod(0o666)

        peer.port = free_port()
        subprocess.run([ROOT / "nginx/render", "--port", str(peer.port),
                        "--socket", unix_socket, "--prefix", folder], check=True)
        values = {"folder": folder, "port": peer.port,
                  "user": "user www-data;" if os.geteuid() == 0 else ""}
        site = re.sub(r"@(\w+)@", lambda found: str(values[found[1]]),
                      (HERE / "site.conf").read_text())
        (folder / "nginx.conf").write_text(site)
        command = ["nginx", "-p", f"{folder}/", "-e", folder / "error.log",
                   "-c", folder / "nginx.conf"]
        child = self._run(command, folder / "nginx.log", {})
        wait_until(lambda: connects(socket.AF_INET, ("127.0.0.1", peer.port)),
                   f"the nginx of {peer.name} to listen", child)

    def _run(self, command, log, environment):
        # Settings of whoever runs the benchmark would change what is measured.
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith("COATCHECK_")}
        with open(log, "ab") as output:
            child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                     stdout=output, stderr=output, env=kept | environment)
        self.children.append(child)
        return child


def free_port():
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connects(family, address):
    """Whether something listens at an address."""
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


def wait_until(holds, what, child, seconds=15):
    """Waits for something that a child is to bring about."""
    deadline = time.monotonic() + seconds
    while not holds():
        if child.poll() is not None:
            raise SystemExit(f"bench: waited for {what}, and it ended with {child.returncode}")
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: waited {seconds} s for {what}")
        time.sleep(0.02)
