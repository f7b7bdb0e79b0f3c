from __future__ import annotations

import pytest

from tui.pieces import one_line, piece

LEFT = [piece("name", 1), piece("data", 3)]
RIGHT = [piece("state", 0), piece("rate", 2)]


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (30, "name  data         state  rate"),
        (23, "name  data  state  rate"),
        (22, "name       state  rate"),
        (16, "name       state"),
        (10, "     state"),
        (4, "sta…"),
        (0, ""),
    ],
)
def test_the_highest_rank_gives_way_first(width: int, line: str) -> None:
    assert one_line(LEFT, RIGHT, width).plain == line


def test_room_that_is_left_goes_to_a_shorter_piece() -> None:
    pieces = [piece("long words", 1), piece("ab", 2)]
    assert one_line(pieces, RIGHT[:1], 12).plain == "ab     state"


def test_of_equal_ranks_the_last_gives_way() -> None:
    pieces = [piece("first", 1), piece("second", 1)]
    assert one_line(pieces, [], 6).plain == "first "


def test_empty_pieces_take_no_room() -> None:
    assert one_line([piece("", 0), piece("a", 0)], [], 3).plain == "a  "
