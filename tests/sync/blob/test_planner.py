"""What goes next over a line, decided from what the province holds and from stalls alone."""

from __future__ import annotations

from sync.blob.planner import KIB, Limits, Piece, Planner
from sync.blob.ports import NO_DUE, BlobTask, Lane
from sync.blob.ranges import NONE, Ranges

MIB = 1024 * KIB


def task(
    name: str, size: int = MIB, lane: Lane = Lane.FULL, dossier: str = "", due: int = NO_DUE, have: Ranges = NONE, before: int = 0
) -> BlobTask:
    return BlobTask(name, size, lane, dossier or name, due, have, before)


def taken(planner: Planner, one: BlobTask) -> Piece:
    piece = planner.take([one])
    assert piece is not None
    return piece


def order(*tasks: BlobTask) -> list[str]:
    return [one.id for one in Planner().order(iter(tasks))]


def test_previews_then_deadlines_then_what_is_nearly_whole() -> None:
    nearly = task("nearly", have=Ranges.of([(0, 1000)]))
    assert order(nearly, task("late", due=2), task("soon", due=1), task("preview", lane=Lane.PREVIEW), task("fresh")) == [
        "preview",
        "soon",
        "late",
        "nearly",
        "fresh",
    ]


def test_an_album_with_the_first_deadline_does_not_hold_up_a_backlog_of_days() -> None:
    album = [task(f"album{n}", 3 * MIB, dossier="album", due=1, before=n * 3 * MIB) for n in range(3)]
    others = [task(f"other{n}", due=9) for n in range(3)]
    assert order(album[0], *others)[0] == "album0", "its first 4 MiB come by its deadline"
    assert order(album[2], *others)[-1] == "album2", "then the others have their turn"


def test_two_connections_never_send_the_same_bytes_at_once() -> None:
    planner = Planner(Limits(start=64 * KIB))
    first, second = taken(planner, task("a")), taken(planner, task("a"))
    assert (first.offset, second.offset) == (0, 64 * KIB)
    planner.broken(first)
    assert taken(planner, task("a")).offset == 0, "what is given back is sent by the next"


def test_nothing_is_sent_that_is_held() -> None:
    planner = Planner()
    assert planner.take([task("a", have=Ranges.whole(MIB))]) is None
    assert planner.take([task("b", have=Ranges.of([(0, 1000), (1010, 1024)]))]) == Piece("b", MIB, 1000 * KIB, 10 * KIB)


def test_a_clean_line_keeps_one_connection_and_its_portions_grow() -> None:
    planner = Planner()
    held, sizes = NONE, []
    while (piece := planner.take([task("a", 2 * MIB, have=held)])) is not None:
        held |= piece.units
        sizes.append(piece.length)
        planner.answered(piece, 1.0)
    assert planner.connections == 1
    assert sizes[:3] == [64 * KIB, 128 * KIB, 256 * KIB]
    assert max(sizes) == 256 * KIB


def stall(planner: Planner, times: int) -> None:
    for _ in range(times):
        planner.stalled(taken(planner, task("a", 50 * MIB)), sent=4 * KIB)


def test_a_line_that_stalls_early_gets_more_connections_and_small_portions() -> None:
    planner = Planner()
    stall(planner, 4)
    assert (planner.connections, planner.portion) == (6, 64 * KIB)


def test_a_stall_after_much_went_through_is_one_bad_moment() -> None:
    planner = Planner()
    planner.answered(taken(planner, task("a")), 1.0)
    planner.answered(taken(planner, task("b")), 1.0)
    stall(planner, 1)
    assert planner.connections == 1


def test_connections_go_back_one_by_one_on_a_line_that_has_become_clean() -> None:
    planner = Planner()
    stall(planner, 4)
    seen = []
    for number in range(80):
        planner.answered(taken(planner, task(f"x{number}")), 1.0)
        seen.append(planner.connections)
    assert seen[-1] == 1
    assert sorted(set(seen), reverse=True) == [6, 5, 4, 3, 2, 1]


def test_connections_that_stall_together_are_one_stall() -> None:
    planner = Planner()
    stall(planner, 1)
    pieces = [taken(planner, task("a", 50 * MIB)) for _ in range(2)]
    for piece in pieces:
        planner.stalled(piece, sent=4 * KIB)
    assert planner.connections == 4


def notice(planner: Planner, times: int, again: int) -> None:
    for _ in range(times):
        planner.noticed(16 * KIB, again)


def test_where_packets_are_lost_a_second_connection_has_the_line_while_one_waits() -> None:
    planner = Planner()
    notice(planner, 12, 2 * KIB)
    assert planner.connections == 2
    notice(planner, 24, 0)
    assert planner.connections == 1


def test_a_line_that_loses_very_much_has_all_connections_at_once_and_between_its_stalls() -> None:
    planner = Planner()
    notice(planner, 6, 7 * KIB)
    assert planner.connections == 6
    notice(planner, 12, 7 * KIB)
    planner.answered(taken(planner, task("a", 50 * MIB)), 60.0)
    assert planner.connections == 6


def test_one_bad_moment_on_a_fair_line_does_not_open_all_connections() -> None:
    planner = Planner()
    notice(planner, 12, 2 * KIB)
    notice(planner, 1, 7 * KIB)
    assert planner.connections == 2


def test_the_kernel_may_hold_what_the_line_carries_in_a_moment() -> None:
    planner = Planner()
    assert planner.buffer == 6 * KIB
    planner.answered(taken(planner, task("a")), 0.032)
    assert planner.buffer == 256 * KIB


def test_a_line_that_loses_packets_is_given_more_at_once() -> None:
    planner = Planner()
    notice(planner, 4, 2 * KIB)
    planner.answered(taken(planner, task("a")), 16.0)
    assert planner.buffer == 16 * KIB
    notice(planner, 16, 0)
    planner.answered(taken(planner, task("b")), 32.0)
    assert planner.buffer == 6 * KIB
