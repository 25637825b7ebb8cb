"""The careful policy: as pure decisions, and on a printer that fails at random while the paper keeps count."""

import random
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from devices.printer import JobState, Line, Printer, copy_mark, open_printer, render, state_after, state_after_restart
from devices.printer.encode import shield
from devices.printer.spool import FenceWatch, decide
from devices.printer.status import (
    BUSY,
    COVER_OPEN,
    MUTE,
    NONSENSE,
    OFFLINE,
    ONE_WAY,
    PAPER_LOW,
    PAPER_OUT,
    READY,
    STUCK,
    Answers,
    judge,
)
from devices.printer.twin import PrinterTwin
from tests.devices.printer.pictures import printed_area
from tests.devices.printer.test_printing import until

QUICK = "&status_s=0.3&fence_s=0.6&fault_s=0.1&busy_s=0.5&write_s=1"


def test_a_job_found_being_sent_when_the_program_starts_is_uncertain() -> None:
    states: list[JobState] = ["queued", "sending", "printed", "uncertain"]
    assert [state_after_restart(state) for state in states] == ["queued", "uncertain", "printed", "uncertain"]


@pytest.mark.parametrize(
    ("status", "ability", "has_answered", "start"),
    [
        (READY, "yes", True, "send"),
        (PAPER_LOW, "learn", False, "send"),
        (PAPER_OUT, "learn", False, "hold"),
        (COVER_OPEN, "yes", True, "hold"),
        (MUTE, "learn", False, "blind"),
        (MUTE, "learn", True, "hold"),
        (MUTE, "yes", False, "hold"),
        (ONE_WAY, "no", False, "blind"),
        (NONSENSE, "learn", False, "hold"),
        (BUSY, "learn", False, "hold"),
    ],
)
def test_what_is_sent_follows_from_what_the_printer_said(status, ability, has_answered, start) -> None:
    assert decide(status, ability, has_answered=has_answered) == start


def watch() -> FenceWatch:
    watching = FenceWatch(deadline=10.0, fault_s=2.0)
    watching.begin(0.0)
    return watching


def test_the_watch_ends_well_only_with_the_answered_fence() -> None:
    watching = watch()
    watching.feed(b"\x12\x12\x12", 0.5)
    assert watching.done(0.5) is None
    watching.feed(b"\x00", 0.6)
    assert watching.done(0.6) is READY


def test_two_answers_to_one_fence_are_no_answer() -> None:
    watching = watch()
    watching.feed(b"\x00\x00", 0.5)
    assert watching.done(0.5) is NONSENSE


def test_the_watch_names_the_cause_and_not_only_that_the_printer_is_offline() -> None:
    watching = watch()
    now = 0.0
    answers = {1: 0x12 | 0x08, 2: 0x12 | 0x20, 4: 0x12 | 0x60}
    while (end := watching.done(now)) is None:
        if request := watching.request(now):
            watching.feed(bytes((answers[request[2]],)), now)
        now += 0.05
    assert end is PAPER_OUT
    assert now < 4


def test_a_fault_that_is_mended_in_time_does_not_end_the_watch() -> None:
    watching = watch()
    for now, answer in ((0.3, 0x1A), (0.3, 0x16), (0.3, 0x12), (0.3, 0x1A), (1.0, 0x12), (1.3, 0x12), (1.6, 0x12)):
        assert watching.request(now)
        watching.feed(bytes((answer,)), now)
    assert watching.done(3.0) is None


def test_the_watch_tells_a_mute_printer_from_one_that_answers_and_never_prints() -> None:
    silent, busy = watch(), watch()
    busy.request(0.5)
    busy.feed(b"\x12", 0.5)
    assert silent.done(10.0) is MUTE
    assert busy.done(10.0) is STUCK


def test_answers_are_sorted_however_they_are_cut_and_mixed() -> None:
    stream = b"\x12" + b"\x18\x00\x0c\x00" + b"_Mot Cua\x00" + b"\x0c" + b"\x37\x25\x00" + b"\x16"
    for size in (1, 2, 3, len(stream)):
        answers = Answers()
        for at in range(0, len(stream), size):
            answers.feed(stream[at : at + size])
        assert answers.realtime == [0x12, 0x16]
        assert answers.automatic == [b"\x18\x00\x0c\x00"]
        assert answers.fences == [0x0C]
        assert answers.blocks == [b"Mot Cua", b"\x25"]
        assert answers.noise == 0
        assert not answers.incomplete


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({1: 0x12, 2: 0x12, 4: 0x12}, "ready"),
        ({1: 0x1A, 2: 0x16, 4: 0x12}, "cover_open"),
        ({1: 0x1A, 2: 0x32, 4: 0x72}, "paper_out"),
        ({1: 0x12, 4: 0x1E}, "paper_low"),
        ({1: 0x1A}, "offline"),
        ({1: 0x1A, 2: 0x52, 3: 0x1A}, "offline"),
    ],
)
def test_the_status_bytes_of_the_manuals_become_one_fact(answers: dict[int, int], state: str) -> None:
    assert judge(answers).state == state


def test_every_fact_but_a_healthy_one_has_a_cure() -> None:
    for status in (PAPER_LOW, PAPER_OUT, COVER_OPEN, MUTE, NONSENSE, BUSY, OFFLINE, ONE_WAY, STUCK):
        assert status.fact_vi.endswith(".")
        assert status.cure_vi.endswith(".")


class Journal:
    """The kiosk's part of the policy, as small as can be: original until uncertain, then only marked copies."""

    def __init__(self, twin: PrinterTwin, printer: Printer) -> None:
        self.twin = twin
        self.printer = printer

    def print_receipt(self, blocks: Sequence[Line]) -> list[Image.Image]:
        """Print until one attempt ends in «printed», mending the printer before each try; the pictures that were sent."""
        copies = 0
        sent: list[Image.Image] = []
        for _ in range(12):
            picture = render([copy_mark(copies), *blocks] if copies else blocks)
            outcome = self.printer.print(picture)
            if outcome.state != "not_started":
                sent.append(picture)
            if state_after(outcome) == "printed":
                return sent
            copies += outcome.state == "uncertain"
            self.mend()
        raise AssertionError("never printed")

    def mend(self) -> None:
        self.twin.set(paper_out=False, cover=False, refuse=False, silent=False, paper_out_after_rows=None, reset_after=None)
        until(lambda: self.printer.status().prints or self.printer.status().code == "printer_mute")


def break_something(twin: PrinterTwin, dice: random.Random) -> None:
    kind = dice.choice(["paper", "cover", "paper later", "reset", "refuse", "silent", "power", "nothing"])
    match kind:
        case "paper":
            twin.set(paper_out=True)
        case "cover":
            twin.set(cover=True)
        case "paper later":
            twin.set(paper_out_after_rows=dice.randrange(1, 300))
        case "reset":
            twin.set(reset_after=dice.randrange(30, 6000))
        case "refuse":
            twin.set(refuse=True)
        case "silent":
            twin.set(silent=True)
        case "power":
            threading.Timer(dice.random() * 0.3, twin.power_cycle).start()


@pytest.mark.parametrize(("name", "seed"), [("epson80", 2), ("generic80", 3)])
def test_whatever_fails_no_receipt_is_missing_and_none_is_doubled_without_a_mark(tmp_path: Path, name: str, seed: int) -> None:
    dice = random.Random(seed)
    with PrinterTwin(tmp_path / "paper", profile_name=name, rows_per_s=4000) as twin:
        printer = open_printer(twin.url + QUICK, lock=tmp_path / "lock")
        printer.status()
        journal = Journal(twin, printer)
        receipts = [[Line(f"TAM-{seed}-{number:03d}", size="huge")] * 3 for number in range(6)]
        sent = []
        for receipt in receipts:
            break_something(twin, dice)
            sent.append(journal.print_receipt(receipt))
        papers = [printed_area(path, twin.profile) for path in twin.slips()]
        for pictures in sent:
            shown = [last_held(paper, pictures) for paper in papers]
            assert len(pictures) - 1 in shown, "said to be printed and is not on paper"
            assert shown.count(0) <= 1, "the original is doubled without a mark"
            assert all(shown.count(number) <= 1 for number in range(1, len(pictures))), "a copy is doubled under its number"


def last_held(paper: Image.Image, pictures: Sequence[Image.Image]) -> int | None:
    """The highest-numbered of the pictures the paper shows whole; a marked copy ends with the rows of its original."""
    return max((number for number, picture in enumerate(pictures) if holds(paper, picture)), default=None)


def holds(paper: Image.Image, picture: Image.Image) -> bool:
    """Whether the paper shows the picture, dot for dot, from some row on."""
    stride = paper.width // 8
    data, wanted = paper.tobytes(), shield(picture).tobytes()
    at = data.find(wanted)
    while at >= 0 and at % stride:
        at = data.find(wanted, at + 1)
    return at >= 0
