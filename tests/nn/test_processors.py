"""How many processors there are: the files of the kernel's documentation, in a tree of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from nn import processors as module
from nn.processors import (
    NICENESS,
    SESSION_NICENESS,
    limit_blas_threads,
    processors,
    quotas,
)


def tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def v1(group: str, quota: str, period: str = "100000\n") -> dict[str, str]:
    folder = f"sys/fs/cgroup/cpu{group}"
    return {f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": period}


def test_without_groups_there_are_no_quotas(tmp_path: Path) -> None:
    assert list(quotas(tmp_path)) == []


@pytest.mark.parametrize(
    ("maximum", "expected"),
    [
        ("150000 100000\n", [1.5]),
        ("50000 100000\n", [0.5]),
        ("400000 200000", [2]),
        ("max 100000\n", []),
        ("", []),
        ("100000\n", []),
        ("many 100000\n", []),
        ("1 2 3\n", []),
        ("-1 100000\n", []),
        ("0 100000\n", []),
        ("100000 0\n", []),
    ],
)
def test_one_group_of_version_2(tmp_path: Path, maximum: str, expected: list[float]) -> None:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": maximum}
    assert list(quotas(tree(tmp_path, files))) == expected


def test_groups_within_groups_of_version_2(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/user.slice/of one/run\n",
        "sys/fs/cgroup/user.slice/of one/run/cpu.max": "max 100000\n",
        "sys/fs/cgroup/user.slice/of one/cpu.max": "300000 100000\n",
        "sys/fs/cgroup/user.slice/cpu.max": "250000 100000\n",
        "sys/fs/cgroup/another.slice/cpu.max": "10000 100000\n",
    }
    assert list(quotas(tree(tmp_path, files))) == [3, 2.5]


@pytest.mark.parametrize(
    ("quota", "period", "expected"),
    [
        ("150000\n", "100000\n", [1.5]),
        ("-1\n", "100000\n", []),
        ("nonsense\n", "100000\n", []),
        ("100000\n", "", []),
        ("100000\n", "0\n", []),
    ],
)
def test_one_group_of_version_1(
    tmp_path: Path, quota: str, period: str, expected: list[float]
) -> None:
    files = {"proc/self/cgroup": "5:memory:/elsewhere\n4:cpu,cpuacct:/\n1:name=systemd:/\n"}
    assert list(quotas(tree(tmp_path, files | v1("", quota, period)))) == expected


def test_groups_within_groups_of_version_1(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "4:cpuacct,cpu:/docker/a:b\n3:cpuset:/docker\n0::/\n"}
    files |= v1("/docker/a:b", "400000\n") | v1("/docker", "-1\n") | v1("", "600000\n")
    assert list(quotas(tree(tmp_path, files))) == [4, 6]


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "4:cpu,cpuacct:/docker/0123abc\n"}
    assert list(quotas(tree(tmp_path, files | v1("", "200000\n")))) == [2]
    files = {"proc/self/cgroup": "0::/../..\n", "sys/fs/cgroup/cpu.max": "100000 100000\n"}
    assert 1 in list(quotas(tree(tmp_path, files)))


def test_lines_that_say_nothing(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "\nnonsense\n4:freezer\n0::/\n",
        "sys/fs/cgroup/cpu.max": "200000 100000\n",
    }
    assert list(quotas(tree(tmp_path, files))) == [2]


def test_a_group_with_a_name_in_no_encoding(tmp_path: Path) -> None:
    tree(tmp_path, {"proc/self/cgroup": "", "sys/fs/cgroup/cpu.max": "200000 100000\n"})
    (tmp_path / "proc/self/cgroup").write_bytes(b"0::/caf\xe9\n")
    assert list(quotas(tmp_path)) == [2]


@pytest.mark.parametrize(
    ("affinity", "shares", "expected"),
    [
        (6, [], 6),
        (1, [], 1),
        (6, [2], 2),
        (6, [1.5], 2),
        (6, [0.1], 1),
        (6, [8], 6),
        (6, [5, 2.5, 4], 3),
    ],
)
def test_processors_are_those_of_the_affinity_that_the_quotas_leave(
    monkeypatch: pytest.MonkeyPatch, affinity: int, shares: list[float], expected: int
) -> None:
    allowed = set(range(3, 3 + affinity))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: allowed, raising=False)
    monkeypatch.setattr(module, "quotas", lambda: iter(shares))
    assert processors() == expected


@pytest.mark.parametrize(("count", "expected"), [(4, 4), (None, 1)])
def test_without_an_affinity_all_processors_count(
    monkeypatch: pytest.MonkeyPatch, count: int | None, expected: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    monkeypatch.setattr(module, "quotas", lambda: iter(()))
    assert processors() == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system knows no affinity")
def test_a_process_on_one_processor_computes_on_one_thread() -> None:
    script = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from nn.ops.threads import threads
assert threads() == 1, threads()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_blas_is_told_before_it_is_loaded() -> None:
    environment = {"OMP_NUM_THREADS": "9", "HOME": "/"}
    limit_blas_threads(environment)
    assert environment.pop("HOME") == "/"
    assert set(environment.values()) == {"1"}
    assert {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"} <= set(environment)
    limit_blas_threads(environment, 3)
    assert set(environment.values()) == {"3"}


GIVE_WAY = """
import os
from pathlib import Path
from nn.processors import give_way
session = Path("/proc/self/autogroup")
def niceness():
    print(os.nice(0), *session.read_text().split()[-1:] if session.exists() else ())
niceness()
give_way()
niceness()
"""


def niceness_around_giving_way(*, own_session: bool) -> list[list[int]]:
    """Before and after: that of a process, then that of its session where the system has such a
    thing. It does not for every process: those of the first session share no time out."""
    done = subprocess.run(
        [sys.executable, "-c", GIVE_WAY],
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
        start_new_session=own_session,
    )
    return [[int(each) for each in line.split()] for line in done.stdout.splitlines()]


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system knows no niceness")
def test_a_session_of_its_own_gives_way_as_a_whole() -> None:
    (nice, *shared), after = niceness_around_giving_way(own_session=True)
    assert after == [min(nice + NICENESS, 19), *(SESSION_NICENESS for _ in shared)]


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system knows no niceness")
def test_a_session_that_others_lead_stays_as_it_is() -> None:
    (nice, *shared), after = niceness_around_giving_way(own_session=False)
    assert after == [min(nice + NICENESS, 19), *shared]


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system knows no batch processes")
def test_who_gives_way_interrupts_nobody_and_nor_do_its_threads() -> None:
    script = """
import os
from threading import Thread
from nn.processors import give_way
give_way()
Thread(target=lambda: print(os.sched_getscheduler(0) == os.SCHED_BATCH)).start()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=120, capture_output=True, text=True
    )
    assert done.stdout == "True\n"


def test_a_session_is_told_again_while_the_system_takes_no_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused = [BlockingIOError(), BlockingIOError()]
    write = Path.write_text

    def refuse_twice(path: Path, text: str) -> int:
        if refused:
            raise refused.pop()
        return write(path, text)

    monkeypatch.setattr(Path, "write_text", refuse_twice)
    setting = tmp_path / "autogroup"
    module._set_session_niceness(setting)
    assert setting.read_text() == str(SESSION_NICENESS)
