"""The processes of a benchmark run: started in a folder of their own, and their end."""

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


class Stage:
    """Everything that runs: stopped on leaving, whatever happened, and its folder removed."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coatcheck-bench-"))
        self.folder.chmod(0o755)  # nginx's workers may be somebody else
        self.children = []

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        self.stop(self.children)
        if failure is not None:
            for log in sorted(self.folder.rglob("*.log")):
                print(f"--- {log.relative_to(self.folder)}", file=sys.stderr)
                print(*log.read_text("utf-8", "replace").splitlines()[-20:], sep="\n",
                      file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def subfolder(self, name):
        """A new folder with the file that a peer guards."""
        folder = self.folder / re.sub(r"\W+", "-", name)
        (folder / "files").mkdir(parents=True)
        (folder / "files/file").write_text("ok")
        return folder

    def run(self, command, folder):
        """Starts a program, whose output goes to a log in the folder."""
        if shutil.which(command[0]) is None:
            raise SystemExit(f"bench: {command[0]} is missing: `deploy/packages bench` installs "
                             "what is needed, and --peers leaves peers out")
        with open(folder / f"{pathlib.Path(command[0]).name}.log", "ab") as output:
            child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                     stdout=output, stderr=output, env=environment())
        self.children.append(child)
        return child

    def serve(self, command, folder, unix_socket="peer.sock"):
        """Starts a program and waits until it listens on a socket in the folder."""
        child = self.run(command, folder)
        unix_socket = folder / unix_socket
        wait_until(lambda: connects(socket.AF_UNIX, str(unix_socket)), unix_socket, child)
        unix_socket.chmod(0o666)  # nginx's workers may be somebody else
        return child

    def nginx(self, folder, part, keeps=True):
        """Starts an nginx with a peer's part of the settings; returns the address of its site.

        It keeps connections as the snippets say, or none.
        """
        unix_socket = folder / "peer.sock"
        port = free_port()
        subprocess.run([ROOT / "nginx/render", "--port", str(port), "--socket", unix_socket,
                        "--prefix", folder], check=True)
        if not keeps:
            for name in ("coatcheck-route.conf", "coatcheck-internal.conf"):
                snippet = folder / "snippets" / name
                snippet.write_text(snippet.read_text().replace("keep_conn on", "keep_conn off"))
        values = {"folder": folder, "port": port, "socket": unix_socket,
                  "check": check_location(folder / "snippets/coatcheck-internal.conf"),
                  "user": "user www-data;" if os.geteuid() == 0 else ""}
        fill(HERE / "nginx.conf", folder / "nginx.conf", values)
        fill(HERE / "peers" / part, folder / "peer.conf", values)
        child = self.run(["nginx", "-p", f"{folder}/", "-e", folder / "error.log",
                          "-c", folder / "nginx.conf"], folder)
        wait_until(lambda: connects(socket.AF_INET, ("127.0.0.1", port)), f"port {port}", child)
        return f"http://127.0.0.1:{port}"

    def stop(self, children):
        """Ends programs and waits until they are gone."""
        children = list(children)
        for child in reversed(children):
            child.send_signal(signal.SIGTERM)
        for child in reversed(children):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(15)
            child.kill()
            child.wait()
            self.children.remove(child)


def environment():
    """What programs get of the environment: no settings of whoever runs the benchmark."""
    return {key: value for key, value in os.environ.items() if not key.startswith("COATCHECK_")}


def fill(source, target, values):
    """Copies a file and replaces `@name@` by values."""
    text = re.sub(r"@(\w+)@", lambda found: str(values[found[1]]), source.read_text())
    target.write_text(text)


def check_location(snippet):
    """What the location of the check holds, without what keeps it from being asked from outside."""
    found = re.search(r"\{([^{}]*COATCHECK_MODE check;[^{}]*)\}", snippet.read_text())
    closed = ("internal;", "auth_request off;")
    return "\n".join(line for line in found[1].splitlines() if line.strip() not in closed).replace(
        "$coatcheck_policy", "user")


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
            raise SystemExit(f"bench: {what}: its program ended with {child.returncode}")
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {what}: waited for {seconds} s")
        time.sleep(0.002)
