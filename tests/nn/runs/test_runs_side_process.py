"""What all processes beside the dashboard have in common; their ends are tested with the rate
test's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os
from nn.runs.side_process import WorkFailed, serve

def work(said):
    batch = os.sched_getscheduler(0) == os.SCHED_BATCH
    yield WorkFailed(kind="unexpected", message=f"{os.nice(0)} {batch}")

serve(work)
"""


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system knows no batch processes")
def test_it_gives_way_as_a_trainer_does() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT],
        input=b"",
        capture_output=True,
        check=True,
        timeout=60,
        start_new_session=True,
    )
    niceness = min(os.nice(0) + 15, 19)
    assert f'"message":"{niceness} True"' in done.stdout.decode()
