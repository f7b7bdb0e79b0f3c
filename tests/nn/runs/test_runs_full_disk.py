"""A file system of a few megabytes, made for the test alone, that fills up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("full_disk.py")
APART = ["unshare", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child"]
"""A name space of its own: what is mounted and started in it is gone with it."""

MOUNT = 'mount -t tmpfs -o size=6m none "$0"'


def apart(command: str, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*APART, "sh", "-c", command, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_on_a_disk_that_is_full_goes_on_when_there_is_room(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("the system has no unshare")
    tried = apart(MOUNT, tmp_path)
    if tried.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.strip()}")
    done = apart(f'{MOUNT} && exec "$1" "$2" "$0"', tmp_path, sys.executable, SCRIPT)
    assert done.returncode == 0, done.stderr
