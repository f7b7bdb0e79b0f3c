"""What is said of the machine."""

from __future__ import annotations

from pathlib import Path

from nn.machine import memory_bytes


def test_memory_is_no_more_than_the_system_says() -> None:
    """As /proc/meminfo has it where there is one, in kB."""
    file = Path("/proc/meminfo")
    total = 1024 * int(file.read_text().split()[1]) if file.exists() else 2**63
    found = memory_bytes()
    assert found is None or 2**20 < found <= total
