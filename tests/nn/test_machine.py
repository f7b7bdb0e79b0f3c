"""What is said of the machine."""

from __future__ import annotations

from nn.machine import memory_bytes


def test_memory_is_no_more_than_the_system_says() -> None:
    """As /proc/meminfo has it where there is one, in kB."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            total = 1024 * int(next(lines).split()[1])
    except FileNotFoundError:
        total = 2**63
    found = memory_bytes()
    assert found is None or 2**20 < found <= total
