"""Over a real SSH connection, which drops in the middle of training."""

from __future__ import annotations

import getpass
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminals import PATIENCE, Terminal, dashboard, environment, living_run

from nn.runs.client import wait_until

SERVER = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
MISSING = [
    name
    for name, path in (
        ("sshd", SERVER),
        ("ssh", shutil.which("ssh")),
        ("ssh-keygen", shutil.which("ssh-keygen")),
    )
    if path is None
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} not installed")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[list[str]]:
    """The words that connect to a server of this test's own, on loopback, by a key made for it."""
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        words = ["-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(["ssh-keygen", *words], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
    )
    assert SERVER is not None, "or these tests were skipped"
    log = folder / "log"
    Path("/run/sshd").mkdir(exist_ok=True) if getpass.getuser() == "root" else None
    server = subprocess.Popen([SERVER, "-D", "-f", str(folder / "config"), "-E", str(log)])
    try:
        assert wait_until(lambda: _answers(port), PATIENCE), log.read_text()
        options = ["IdentitiesOnly=yes", "StrictHostKeyChecking=no", "LogLevel=ERROR"]
        options.append(f"UserKnownHostsFile={folder}/known")
        yield [
            *("ssh", "-tt", "-F", "none", "-i", str(folder / "user"), "-p", str(port)),
            *(word for option in options for word in ("-o", option)),
            f"{getpass.getuser()}@127.0.0.1",
        ]
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def remote(connection: list[str], command: list[str]) -> list[str]:
    """A command at the other end, with the variables that it needs there."""
    variables = [
        f"{name}={environment()[name]}" for name in ("PYTHONPATH", "LANG", "CNN_TUI_SETTINGS")
    ]
    return [*connection, shlex.join(["env", *variables, *command])]


def test_a_connection_drops_and_attach_shows_the_run_again(
    tmp_path: Path, connection: list[str]
) -> None:
    with living_run(tmp_path / "models", start=False) as run:
        command = remote(connection, dashboard(tmp_path / "models", "attach", run.folder.id))
        with Terminal(command, environment=environment()) as terminal:
            terminal.see("r resume")
            terminal.press("r")
            terminal.see("space pause")
            run.takes_steps()
            terminal.process.kill()
            terminal.process.wait(PATIENCE)
        run.takes_steps()
        with Terminal(command, environment=environment()) as terminal:
            terminal.see("space pause")
            terminal.see(f"run {run.folder.id}")
            terminal.press("q")
            terminal.wait_for(f"run {run.folder.id} goes on")
            assert terminal.wait() == 0
        run.takes_steps()


def test_a_client_that_is_stopped_holds_up_nothing(tmp_path: Path, connection: list[str]) -> None:
    with living_run(tmp_path / "models") as run:
        command = remote(connection, dashboard(tmp_path / "models", "attach"))
        with Terminal(command, environment=environment()) as terminal:
            terminal.see("space pause")
            terminal.signal(signal.SIGSTOP)
            run.takes_steps(100)
            terminal.signal(signal.SIGCONT)
            terminal.press("q")
            terminal.wait_for(f"run {run.folder.id} goes on")
            assert terminal.wait() == 0
