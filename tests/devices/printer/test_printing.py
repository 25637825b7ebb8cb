"""A printer and its twin: what is on paper, and what the printer object says about it, fault by fault."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from devices.errors import DeviceError
from devices.printer import Line, Printer, copy_mark, open_printer, profile, render
from devices.printer.encode import encode, shield
from devices.printer.twin import PrinterTwin, flip
from tests.devices.printer.pictures import ink_count, printed_area, starts_with
from tests.devices.printer.samples import KIOSK_SLIP, TRACKING

QUICK = "&status_s=0.3&fence_s=0.6&fault_s=0.2&busy_s=0.2&write_s=1"
SLIP = render(KIOSK_SLIP)
SHORT = render([Line("PHIẾU NGẮN", size="huge")])


def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is true, at most so long."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.01)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[PrinterTwin]:
    with PrinterTwin(tmp_path / "paper") as running:
        yield running


@pytest.fixture
def printer(twin: PrinterTwin, tmp_path: Path) -> Printer:
    return open_printer(twin.url + QUICK, lock=tmp_path / "printer.lock")


def shown(twin: PrinterTwin, number: int) -> Image.Image:
    return printed_area(twin.wait_for_slips(number)[number - 1], twin.profile)


def is_on_paper(twin: PrinterTwin, number: int, picture: Image.Image = SLIP) -> bool:
    return starts_with(shown(twin, number), shield(picture))


@pytest.mark.parametrize("name", ["generic80", "generic58", "epson80"])
def test_a_printed_slip_has_the_dots_of_the_picture_and_a_code_others_read(tmp_path: Path, name: str) -> None:
    with PrinterTwin(tmp_path / "paper", profile_name=name) as twin:
        printer = open_printer(twin.url, lock=tmp_path / "lock")
        picture = render(KIOSK_SLIP, printer.width_dots)
        outcome = printer.print(picture)
        assert (outcome.state, outcome.code) == ("printed", "ready")
        assert outcome.bytes_sent == len(encode(picture, printer.profile))
        assert is_on_paper(twin, 1, picture)
        assert twin.unknown == []
        assert twin.stray_realtime == 0
        paper = Image.open(twin.slips()[0]).convert("L")
        assert [code.text for code in zxingcpp.read_barcodes(paper)] == [TRACKING]


def test_each_slip_is_cut_off_as_its_own_paper(twin: PrinterTwin, printer: Printer) -> None:
    assert [printer.print(picture).state for picture in (SLIP, SHORT, SLIP)] == ["printed"] * 3
    assert [path.name for path in twin.slips()] == ["slip-0001.png", "slip-0002.png", "slip-0003.png"]
    assert is_on_paper(twin, 2, SHORT)


def test_a_healthy_printer_is_ready_and_says_its_name(printer: Printer) -> None:
    assert (printer.status().state, printer.status().prints) == ("ready", True)
    assert printer.identity() == "Mot Cua Xa Twin generic80"


@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [("paper_out", "paper_out", "paper_out"), ("cover", "cover_open", "cover_open"), ("cutter", "offline", "cutter")],
)
def test_a_printer_that_cannot_print_gets_not_a_byte_of_the_slip(
    twin: PrinterTwin, printer: Printer, fault: str, state: str, code: str
) -> None:
    twin.set(**{fault: True})
    status = printer.status()
    assert (status.state, status.code, status.prints) == (state, code, False)
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code, outcome.bytes_sent) == ("not_started", code, 0)
    assert outcome.fact_vi
    assert outcome.cure_vi
    twin.set(**{fault: False})
    assert printer.print(SLIP).state == "printed"
    assert is_on_paper(twin, 1)
    assert len(twin.slips()) == 1
    assert twin.hanging() is None


def test_little_paper_is_a_warning_and_the_slip_is_printed(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(paper_low=True)
    assert printer.status().state == "paper_low"
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code) == ("printed", "paper_low")
    assert outcome.cure_vi


def test_paper_that_ends_in_the_middle_leaves_the_job_uncertain_and_says_why(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(paper_out_after_rows=200)
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code) == ("uncertain", "paper_out")
    assert "BẢN IN LẠI" in outcome.cure_vi
    assert twin.slips() == []


def test_a_swallowed_job_that_prints_itself_later_meets_only_a_marked_copy(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(paper_out_after_rows=200)
    assert printer.print(SLIP).state == "uncertain"
    assert printer.print(SLIP).state == "not_started", "still no paper"
    twin.set(paper_out=False)
    assert is_on_paper(twin, 1), "the printer printed the rest by itself"
    copy = render([copy_mark(1), *KIOSK_SLIP])
    assert printer.print(copy).state == "printed"
    assert is_on_paper(twin, len(twin.slips()), copy)


def test_paper_put_back_while_the_printer_is_watched_ends_in_printed(twin: PrinterTwin, tmp_path: Path) -> None:
    printer = open_printer(twin.url + QUICK.replace("fault_s=0.2", "fault_s=5"), lock=tmp_path / "lock")
    twin.set(paper_out_after_rows=200)

    def refill() -> None:
        until(lambda: twin.faults.paper_out)
        twin.set(paper_out=False)

    helper = threading.Thread(target=refill)
    helper.start()
    assert printer.print(SLIP).state == "printed"
    helper.join()
    assert is_on_paper(twin, 1)


@pytest.mark.parametrize("deaf", [False, True], ids=["hears requests inside pictures", "takes requests for picture"])
def test_a_connection_reset_leaves_doubt_and_the_next_slip_comes_out_whole(twin: PrinterTwin, printer: Printer, deaf: bool) -> None:
    twin.set(reset_after=9000, deaf_in_raster=deaf)
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code) == ("uncertain", "printer_lost")
    assert 0 < outcome.bytes_sent <= len(encode(SLIP, printer.profile))
    until(lambda: twin.waiting_for_picture)
    copy = render([copy_mark(1), *KIOSK_SLIP])
    assert printer.print(copy).state == "printed"
    papers = twin.wait_for_slips(2)
    assert len(papers) == 2, "the torn piece was cut off on its own"
    assert is_on_paper(twin, 2, copy)


def test_the_doubt_survives_the_program(twin: PrinterTwin, printer: Printer, tmp_path: Path) -> None:
    twin.set(reset_after=9000)
    printer.print(SLIP)
    reborn = open_printer(twin.url + QUICK, lock=tmp_path / "printer.lock")
    assert reborn.print(SHORT).state == "printed"
    assert is_on_paper(twin, 2, SHORT)


def test_a_printer_that_never_answered_is_printed_to_once_and_the_outcome_is_uncertain(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(silent=True)
    assert printer.status().code == "printer_mute"
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code) == ("uncertain", "printer_one_way")
    assert is_on_paper(twin, 1)
    assert printer.print(SHORT).state == "uncertain"
    assert is_on_paper(twin, 2, SHORT)


def test_a_printer_that_has_answered_before_and_is_mute_now_gets_nothing(twin: PrinterTwin, printer: Printer) -> None:
    printer.status()
    twin.set(silent=True)
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code, outcome.bytes_sent) == ("not_started", "printer_mute", 0)
    assert twin.slips() == []


def test_a_profile_that_promises_answers_never_prints_blindly(twin: PrinterTwin, tmp_path: Path) -> None:
    twin.set(silent=True)
    printer = open_printer(twin.url.split("?")[0] + "?status_s=0.2", "epson80", lock=tmp_path / "lock")
    assert printer.print(SLIP).state == "not_started"


def test_a_printer_that_stops_reading_in_the_middle_is_uncertain_within_the_time_outs(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(stuck=True)
    began = time.monotonic()
    assert printer.print(SLIP).state == "uncertain"
    assert time.monotonic() - began < 6


def test_a_refused_connection_is_told_and_nothing_is_sent(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(refuse=True)
    until(lambda: printer.status().code == "printer_refused")
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code, outcome.bytes_sent) == ("not_started", "printer_refused", 0)
    twin.set(refuse=False)
    until(lambda: printer.status().prints)
    assert printer.print(SLIP).state == "printed"


def test_the_printer_of_another_host_gets_nothing_while_that_host_holds_it(twin: PrinterTwin, printer: Printer) -> None:
    printer.status()
    with socket.create_connection(("127.0.0.1", twin.port)) as other:
        other.sendall(b"\x10\x04\x01")
        other.recv(1)
        assert printer.print(SLIP).state == "not_started"
    until(lambda: printer.print(SHORT).state == "printed")
    assert is_on_paper(twin, 1, SHORT)


def test_a_missing_device_is_absent(tmp_path: Path) -> None:
    printer = open_printer("serial:///dev/no-such-printer", lock=tmp_path / "lock")
    assert (printer.status().state, printer.status().code) == ("offline", "printer_absent")
    assert printer.print(SLIP).state == "not_started"


def test_a_line_that_echoes_is_not_taken_for_a_printer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            line, _ = server.accept()
            with line:
                while data := line.recv(4096):
                    line.sendall(data)

        threading.Thread(target=echo, daemon=True).start()
        printer = open_printer(f"network://127.0.0.1:{server.getsockname()[1]}?status_s=1", lock=tmp_path / "lock")
        outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code, outcome.bytes_sent) == ("not_started", "printer_nonsense", 0)


def test_two_programs_never_print_at_once(twin: PrinterTwin, printer: Printer, tmp_path: Path) -> None:
    holder = (
        "import fcntl, sys\n"
        "file = open(sys.argv[1], 'a')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(tmp_path / "printer.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        assert printer.print(SLIP).code == "printer_busy"
        assert printer.status().code == "printer_busy"
        other.kill()
    assert printer.print(SLIP).state == "printed"
    assert len(twin.slips()) == 1


def test_a_program_killed_while_printing_leaves_doubt_not_a_locked_printer(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from devices.printer import Line, open_printer, render\n"
        "open_printer(sys.argv[1], lock=Path(sys.argv[2])).print(render([Line('X', size='huge')] * 12))\n"
    )
    lock = tmp_path / "lock"
    with PrinterTwin(tmp_path / "paper", rows_per_s=150) as twin:
        child = subprocess.Popen([sys.executable, "-c", program, twin.url, str(lock)])
        until(lambda: twin.hanging() is not None)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert '"doubt": true' in lock.read_text()
        twin.power_cycle()
        assert open_printer(twin.url, lock=lock).print(SHORT).state == "printed"
        assert is_on_paper(twin, len(twin.slips()), SHORT)


def test_a_file_takes_the_bytes_and_the_end_is_uncertain(tmp_path: Path) -> None:
    target = tmp_path / "job.bin"
    printer = open_printer(f"file://{target}", lock=tmp_path / "lock")
    outcome = printer.print(SLIP)
    assert (outcome.state, outcome.code) == ("uncertain", "printer_one_way")
    assert target.read_bytes() == encode(SLIP, profile("generic80"))
    printer.print(SHORT)
    assert target.read_bytes().endswith(encode(SHORT, profile("generic80"))), "a second job is added, nothing is lost"


@pytest.fixture
def spooler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs ``lp`` and ``lpstat`` of a print spooler with one queue, ``receipt``; yields where its jobs end."""
    jobs = tmp_path / "jobs.bin"
    programs = {
        "lpstat": '[ "$1" = -e ] && echo receipt || echo "device for receipt: socket://192.0.2.1"',
        "lp": f'[ -e "{tmp_path}/hang" ] && exec sleep 60; cat >> "{jobs}"',
    }
    (tmp_path / "bin").mkdir()
    for name, body in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return jobs


def test_a_spooler_queue_gets_the_bytes_and_is_never_believed(spooler: Path, tmp_path: Path) -> None:
    outcome = open_printer("cups://receipt", lock=tmp_path / "lock").print(SLIP)
    assert (outcome.state, outcome.code) == ("uncertain", "printer_one_way")
    assert spooler.read_bytes().rstrip(b"\n") == encode(SLIP, profile("generic80")).rstrip(b"\n")
    assert open_printer("cups://other", lock=tmp_path / "lock").print(SLIP).state == "not_started"


def test_a_spooler_that_hangs_is_left_within_the_time_outs(spooler: Path, tmp_path: Path) -> None:
    (tmp_path / "hang").touch()
    began = time.monotonic()
    long = Image.effect_noise((576, 2000), 200).convert("1")
    assert open_printer("cups://receipt?write_s=0.3", lock=tmp_path / "lock").print(long).state == "uncertain"
    assert time.monotonic() - began < 5


@contextmanager
def terminal_to(twin: PrinterTwin) -> Iterator[str]:
    """A serial line (a pseudo-terminal) whose other end is the twin; yields its device file."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    over = threading.Event()

    def carry() -> None:
        with socket.create_connection(("127.0.0.1", twin.port)) as line:
            while not over.is_set():
                ends: list[int | socket.socket] = [ours, line]
                ready, _, _ = select.select(ends, [], [], 0.02)
                if ours in ready:
                    line.sendall(os.read(ours, 4096))
                if line in ready:
                    os.write(ours, line.recv(4096))

    carrier = threading.Thread(target=carry)
    carrier.start()
    try:
        yield os.ttyname(theirs)
    finally:
        over.set()
        carrier.join()
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("address", ["serial://{}?baud=115200", "file://{}?profile=generic80"])
def test_a_printer_on_a_device_file_is_asked_and_fenced_as_on_the_network(twin: PrinterTwin, tmp_path: Path, address: str) -> None:
    with terminal_to(twin) as device:
        printer = open_printer(address.format(device), lock=tmp_path / "lock")
        assert printer.status().state == "ready"
        assert printer.print(SLIP).state == "printed"
        assert is_on_paper(twin, 1)
        twin.set(paper_out=True)
        assert printer.print(SLIP).state == "not_started"


def test_a_twin_address_prints_into_its_folder(tmp_path: Path) -> None:
    printer = open_printer(f"twin:{tmp_path / 'paper'}", lock=tmp_path / "lock")
    assert printer.print(SLIP).state == "printed"
    assert len(list((tmp_path / "paper").glob("slip-*.png"))) == 1
    flip(tmp_path / "paper" / "printer.json", cover=True)
    until(lambda: printer.status().state == "cover_open")
    flip(tmp_path / "paper" / "printer.json", cover=False)
    until(lambda: open_printer(f"twin:{tmp_path / 'paper'}").status().prints)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "printer",
        "network://",
        "usb://epson",
        "http://192.0.2.1",
        "network://h:x",
        "serial:///dev/ttyS0?baud=fast",
        "network://h?x=1",
    ],
)
def test_what_is_not_a_printer_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(DeviceError) as refused:
        open_printer(url)
    assert refused.value.code == "printer_address"
    assert "network://" in refused.value.cure_vi


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeviceError) as refused:
        open_printer("network://192.0.2.1", "star")
    assert refused.value.code == "profile_unknown"
    assert "generic58" in refused.value.cure_vi


def test_paper_still_hanging_is_shown(twin: PrinterTwin, printer: Printer) -> None:
    twin.set(paper_out_after_rows=100)
    printer.print(SLIP)
    hanging = twin.hanging()
    assert hanging
    assert ink_count(hanging) > 0
