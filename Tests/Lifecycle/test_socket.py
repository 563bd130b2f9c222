"""The socket: its mode, a second server, what a dead one left, what systemd hands over."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess

import pytest

from support.deployment import Deploy, Deployment
from support.program import Process, clean_environment, is_ready, serve_command, write_settings
from support.waiting import wait_until


def start_again(deployment: Deployment, **settings: object) -> subprocess.CompletedProcess[str]:
    """Starts a second server that must refuse, with some settings changed."""
    file = deployment.folder / "second.yaml"
    write_settings(file, deployment.settings | settings)
    try:
        return subprocess.run(
            serve_command(file), capture_output=True, text=True, timeout=60, env=clean_environment()
        )
    except subprocess.TimeoutExpired:
        pytest.fail("the second server serves instead of refusing")


def test_the_socket_is_open_to_owner_and_group_only(deploy: Deploy) -> None:
    """The socket is the trust boundary: 0660."""
    deployment = deploy(with_gateway=False)
    mode = deployment.socket.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o660


def test_the_mode_of_the_socket_is_a_setting(deploy: Deploy) -> None:
    deployment = deploy({"socket.mode": "0600"}, with_gateway=False)
    assert stat.S_IMODE(deployment.socket.stat().st_mode) == 0o600


@pytest.mark.parametrize("storage", ["same", "other"])
def test_a_second_server_on_the_same_socket_refuses_to_start(
    deploy: Deploy, storage: str
) -> None:
    deployment = deploy()
    person = deployment.person()
    changed = {} if storage == "same" else {"storage.path": str(deployment.folder / "other.db")}
    second = start_again(deployment, **changed)
    assert second.returncode not in (0, None)
    assert second.returncode > 0, f"ended by a signal: {second.returncode}"
    assert str(deployment.socket) in second.stderr
    assert len(second.stderr.strip().splitlines()) <= 5, second.stderr
    assert person.client.get("/me").status == 200, "the first one serves on"


def test_the_socket_that_a_dead_server_left_is_replaced(deploy: Deploy) -> None:
    deployment = deploy()
    person = deployment.person()
    deployment.kill()
    assert deployment.socket.exists(), "a killed server leaves its socket file"
    deployment.start()
    assert person.client.get("/me").status == 200


@pytest.mark.parametrize("what", ["file", "folder"])
def test_something_else_in_the_place_of_the_socket_is_left_alone(
    deploy: Deploy, what: str
) -> None:
    deployment = deploy(with_gateway=False)
    place = deployment.folder / "precious"
    if what == "file":
        place.write_text("precious")
    else:
        place.mkdir()
    second = start_again(deployment, **{"socket.path": str(place)})
    assert second.returncode > 0
    assert str(place) in second.stderr
    assert place.is_dir() if what == "folder" else place.read_text() == "precious"


def test_a_socket_path_that_is_too_long_is_refused_with_the_key(deploy: Deploy) -> None:
    """sun_path has 108 bytes."""
    deployment = deploy(with_gateway=False)
    second = start_again(deployment, **{"socket.path": f"{deployment.folder}/{'s' * 120}"})
    assert second.returncode > 0
    assert "socket.path" in second.stderr


def test_a_socket_from_systemd_is_served(deploy: Deploy) -> None:
    """LISTEN_FDS wins over socket.path, and the file belongs to systemd, before and after."""
    assert shutil.which("systemd-socket-activate"), "systemd-socket-activate is needed"
    deployment = deploy(with_gateway=False)
    assert deployment.process.stop() == 0
    deployment.socket.unlink(missing_ok=True)
    handed = deployment.folder / "handed.sock"
    command = [
        *("systemd-socket-activate", "--listen", handed),
        *serve_command(deployment.settings_file),
    ]
    process = Process(command, deployment.folder / "activated.log")
    try:
        wait_until(handed.exists, "systemd's socket")
        wait_until(lambda: is_ready(handed), "the activated program", timeout=20)
        assert not deployment.socket.exists(), "it does not bind socket.path as well"
        for _ in range(50):
            assert is_ready(handed)
        assert process.stop() == 0
        assert handed.exists(), "the file belongs to whoever made it"
    finally:
        assert not process.kill_group()


def notified(channel: socket.socket, state: str) -> bool:
    """Whether a message with a line `state` has arrived; other messages are passed over."""
    while True:
        try:
            message = channel.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if state in message.decode().splitlines():
            return True


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_ready_and_stopping_reach_the_service_manager(deploy: Deploy, kind: str) -> None:
    deployment = deploy(with_gateway=False)
    assert deployment.process.stop() == 0
    place = str(deployment.folder / "notify.sock")
    if kind == "abstract":
        place = f"@coatcheck-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(place.replace("@", "\0", 1) if kind == "abstract" else place)
        deployment.environment = {"NOTIFY_SOCKET": place}
        deployment.start()
        wait_until(lambda: notified(channel, "READY=1"), "READY=1")
        assert is_ready(deployment.socket)
        deployment.process.send_signal(signal.SIGTERM)
        assert deployment.process.wait() == 0
        wait_until(lambda: notified(channel, "STOPPING=1"), "STOPPING=1")


def test_a_service_manager_that_is_gone_does_no_harm(deploy: Deploy) -> None:
    deployment = deploy(with_gateway=False)
    deployment.environment = {"NOTIFY_SOCKET": str(deployment.folder / "nobody.sock")}
    deployment.restart()
    assert is_ready(deployment.socket)
