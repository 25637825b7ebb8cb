"""The camera: drawn pictures through the real decoder, and the twin as a folder of pictures or a video."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from devices.barcode.camera import CameraBarcode, camera, pictures
from devices.barcode.eyes import Eye
from devices.barcode.sight import PREVIEW_WIDTH, Grey, codes_in, preview_of
from devices.barcode.twin import CameraTwin
from devices.barcode.v4l import camera_name
from devices.errors import DeviceError
from tests.devices.barcode.drawn import CARD, HEIGHT, WIDTH, View, frame
from tests.devices.barcode.heard import Heard
from tests.devices.idcard.waiting import until

SLIP = "https://example.org/h/TAM-1?k=ABC"


def seen(view: View, *texts: str) -> list[str]:
    return codes_in(np.asarray(frame(view, *texts)))


@pytest.mark.parametrize("turned", range(0, 360, 15))
def test_a_card_is_read_however_it_is_turned(turned: int) -> None:
    assert seen(View(turned=turned), CARD) == [CARD]


@pytest.mark.parametrize("share", [0.12, 0.15, 0.25, 0.5])
def test_a_code_is_read_from_an_eighth_of_the_width_to_half_of_it(share: float) -> None:
    assert seen(View(share=share, turned=11), CARD) == [CARD]


def test_a_tiny_code_that_is_sharp_is_read() -> None:
    assert seen(View(share=0.08, turned=7, blur=0.6), CARD) == [CARD]


@pytest.mark.parametrize(
    "spoilt",
    [
        *(View(blur=2.0, turned=5), View(light=0.15, turned=5), View(noise=60, turned=5), View(tilt=0.2, turned=8)),
        *(View(glare=1.0, seed=seed) for seed in range(4)),
        View(share=0.2, turned=33, tilt=0.1, blur=1.2, light=0.5, noise=25),
    ],
    ids=str,
)
def test_a_blurred_dim_grainy_tilted_or_shining_card_is_read(spoilt: View) -> None:
    assert seen(spoilt, CARD) == [CARD]


def test_of_cards_held_anyhow_nine_in_ten_are_read() -> None:
    views = [
        View(
            share=0.14 + number % 5 * 0.05,
            turned=number * 37,
            tilt=number % 4 * 0.05,
            blur=0.8 + number % 3 * 0.4,
            light=1.0 - number % 7 * 0.11,
            glare=number % 2 * 0.6,
            noise=10 + number % 6 * 6,
            seed=number,
        )
        for number in range(0, 50, 2)
    ]
    assert sum(seen(view, CARD) == [CARD] for view in views) >= 23


def test_every_code_in_the_picture_is_given() -> None:
    assert sorted(seen(View(share=0.18), CARD, SLIP)) == sorted([CARD, SLIP])


def test_a_picture_without_a_code_gives_nothing() -> None:
    assert seen(View()) == []


def test_the_picture_to_aim_by_is_small_grey_and_mirrored() -> None:
    grey = np.zeros((HEIGHT, WIDTH), np.uint8)
    grey[:, : WIDTH // 2] = 200
    preview = preview_of(grey)
    assert (preview.width, preview.height, len(preview.grey)) == (PREVIEW_WIDTH, 270, PREVIEW_WIDTH * 270)
    assert (preview.grey[0], preview.grey[PREVIEW_WIDTH - 1]) == (0, 200)


@pytest.fixture
def twin(tmp_path: Path) -> CameraTwin:
    return CameraTwin(tmp_path / "eye")


@pytest.fixture
def eye(tmp_path: Path) -> Iterator[CameraBarcode]:
    reader = CameraBarcode(lambda: pictures(str(tmp_path / "eye")), reopen_s=0.02)
    yield reader
    reader.stop()


def test_a_card_shown_to_the_camera_is_scanned(twin: CameraTwin, eye: CameraBarcode) -> None:
    heard = Heard()
    eye.start(heard.ears)
    until(lambda: eye.connected)
    twin.show(frame(View(), CARD))
    scan = heard.scan()
    assert (scan.text, scan.typed) == (CARD, False)


def test_pictures_take_turns_and_a_file_that_is_no_picture_is_darkness(
    twin: CameraTwin, eye: CameraBarcode, tmp_path: Path
) -> None:
    (tmp_path / "eye" / "a.txt").write_text("x")
    twin.show(frame(View(), CARD), "b")
    twin.show(frame(View(), SLIP), "c")
    heard = Heard()
    eye.start(heard.ears)
    told = {heard.text()}
    while told != {CARD, SLIP}:
        told.add(heard.text())
    assert heard.errors.empty()


def test_a_video_is_seen_over_and_over(tmp_path: Path) -> None:
    file = tmp_path / "held.avi"
    video = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 25, (WIDTH, HEIGHT))
    for _ in range(3):
        video.write(np.asarray(frame(View(turned=20), CARD).convert("RGB")))
    video.release()
    reader, heard = CameraBarcode(lambda: pictures(str(file))), Heard()
    reader.start(heard.ears)
    assert [heard.text(), heard.text()] == [CARD, CARD]
    assert heard.errors.empty()
    reader.stop()


def test_what_the_camera_sees_is_offered_only_to_who_wants_to_look(twin: CameraTwin, eye: CameraBarcode) -> None:
    twin.show(frame(View(), CARD))
    heard = Heard()
    eye.start(heard.looking)
    assert heard.previews.get(timeout=3).width == PREVIEW_WIDTH
    eye.stop()
    blind = Heard()
    eye.start(blind.ears)
    assert blind.text() == CARD
    assert blind.previews.empty()


def test_an_unplugged_camera_is_told_once_and_comes_back(twin: CameraTwin, eye: CameraBarcode) -> None:
    heard = Heard()
    eye.start(heard.ears)
    until(lambda: eye.connected)
    twin.unplug()
    assert heard.error() == "camera_absent"
    assert not eye.connected
    twin.plug()
    twin.show(frame(View(), CARD))
    assert heard.text() == CARD
    assert heard.errors.empty()


class Slow:
    """An eye whose every step is counted and takes its time on a clock of its own; it ends the reader after some frames."""

    def __init__(self, frames: int, frame_s: float, grey_s: float) -> None:
        self.now = 0.0
        self.frames, self._frame_s, self._grey_s = frames, frame_s, grey_s
        self.greys: list[float] = []
        self.closed = False

    @contextmanager
    def open(self) -> Iterator[Eye]:
        yield self
        self.closed = True

    def wait(self) -> None:
        self.now += self._frame_s
        self.frames -= 1
        if self.frames < 0:
            raise OSError("end of the film")

    def grey(self) -> Grey:
        self.greys.append(self.now)
        self.now += self._grey_s
        return np.zeros((90, 160), np.uint8)


def watched(film: Slow, *, looking: bool) -> Heard:
    reader, heard = CameraBarcode(film.open, clock=lambda: film.now, reopen_s=60), Heard()
    reader.start(heard.looking if looking else heard.ears)
    heard.error()
    reader.stop()
    return heard


def test_at_most_five_frames_a_second_are_searched_and_ten_are_shown() -> None:
    blind, looked = Slow(301, 1 / 30, 0), Slow(301, 1 / 30, 0)
    watched(blind, looking=False)
    assert len(blind.greys) <= 50
    heard = watched(looked, looking=True)
    assert len(looked.greys) == heard.previews.qsize() <= 100


def test_a_slow_machine_rests_as_long_as_it_works() -> None:
    film = Slow(301, 1 / 30, 0.4)
    watched(film, looking=True)
    assert all(later - sooner >= 0.8 - 1e-6 for sooner, later in zip(film.greys, film.greys[1:], strict=False))


def test_a_camera_costs_a_small_share_of_one_processor(twin: CameraTwin, eye: CameraBarcode) -> None:
    twin.show(frame(View(), CARD))
    heard = Heard()
    eye.start(heard.looking)
    heard.text()
    begun, cpu = time.monotonic(), time.process_time()
    until(lambda: time.monotonic() - begun > 1)
    assert time.process_time() - cpu < 0.5


@pytest.mark.parametrize("address", ["/nowhere/video0", os.devnull])
def test_what_is_no_camera_is_named_without_being_switched_on(address: str) -> None:
    code = "barcode_wrong_device" if address == os.devnull else "camera_absent"
    with pytest.raises(DeviceError, match=code):
        camera_name(address)
    reader, heard = CameraBarcode(lambda: camera(address, WIDTH, HEIGHT)), Heard()
    reader.start(heard.ears)
    assert heard.error() == code
    reader.stop()


def test_a_film_of_the_twin_that_is_none_is_a_wrong_device(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    reader, heard = CameraBarcode(lambda: pictures(str(tmp_path / "notes.txt"))), Heard()
    reader.start(heard.ears)
    assert heard.error() == "barcode_wrong_device"
    reader.stop()


def test_the_buffer_of_a_film_is_black_once_it_is_closed(tmp_path: Path) -> None:
    Image.fromarray(np.full((48, 64, 3), 255, np.uint8)).save(tmp_path / "white.png")
    with pictures(str(tmp_path / "white.png")) as eye:
        eye.wait()
        grey = eye.grey()
        assert grey.max() == 255
    assert grey.max() == 0
