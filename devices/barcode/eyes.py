"""Where pictures come from: a V4L2 camera through OpenCV, or its twin, a folder of pictures or a video.

An eye has one buffer that each picture overwrites; it is blackened when the eye closes. No picture is ever written anywhere.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

# Seconds OpenCV waits for a camera that has gone silent; it reads this once, when it is loaded.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

import cv2
import numpy as np

from devices.barcode.errors import barcode_error
from devices.barcode.sight import Grey
from devices.barcode.v4l import camera_name

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # Its warnings would repeat each second while no camera is there.

_TWIN_FRAME_S = 0.04
_TWIN_PICTURE_S = 0.2


class Eye(Protocol):
    """An open camera. :class:`DeviceError` when it has gone."""

    def wait(self) -> None:
        """Until there is a new picture, which stays undecoded."""
        ...

    def grey(self) -> Grey | None:
        """That picture, ``None`` when it came broken over the cable; the array is overwritten by the next one."""
        ...


@contextlib.contextmanager
def camera(path: str, width: int, height: int) -> Iterator[Eye]:
    """The camera at ``path``, asked for this size; one that cannot gives its nearest."""
    camera_name(path)
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise barcode_error("camera_busy")
        # Compressed pictures first: uncompressed ones of this size come slowly over USB.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        with _CaptureEye(capture, path) as eye:
            yield eye
    finally:
        capture.release()


class _CaptureEye:
    def __init__(self, capture: cv2.VideoCapture, path: str) -> None:
        self._capture = capture
        self._path = path
        self._colour: Grey | None = None
        self._grey: Grey = np.zeros((0, 0), np.uint8)

    def __enter__(self) -> _CaptureEye:
        return self

    def __exit__(self, *_: object) -> None:
        for buffer in (self._colour, self._grey):
            if buffer is not None:
                buffer.fill(0)

    def wait(self) -> None:
        if not self._capture.grab():
            raise barcode_error("camera_busy" if Path(self._path).exists() else "camera_absent")

    def grey(self) -> Grey | None:
        try:
            told, picture = self._capture.retrieve(self._colour)
        except cv2.error:
            return None
        if not told or not picture.size:
            return None
        self._colour = np.asarray(picture, np.uint8)
        if self._colour.ndim == 2:
            return self._colour
        if self._grey.shape != self._colour.shape[:2]:
            self._grey = np.zeros(self._colour.shape[:2], np.uint8)
        cv2.cvtColor(self._colour, cv2.COLOR_BGR2GRAY, dst=self._grey)
        return self._grey


@contextlib.contextmanager
def pictures(path: str) -> Iterator[Eye]:
    """The twin: the pictures of a folder, one after the other in the order of their names and over and over, or a video likewise.

    A folder or video that is taken away is a pulled cable.
    """
    if Path(path).is_dir():
        yield _FolderEye(Path(path))
        return
    if not Path(path).exists():
        raise barcode_error("camera_absent")
    capture = cv2.VideoCapture(path)
    try:
        if not capture.isOpened():
            raise barcode_error("barcode_wrong_device")
        with _VideoEye(capture, path) as eye:
            yield eye
    finally:
        capture.release()


class _FolderEye:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shown = Path()
        self._grey: Grey = np.zeros((720, 1280), np.uint8)

    def wait(self) -> None:
        time.sleep(_TWIN_FRAME_S)
        if not self._folder.is_dir():
            raise barcode_error("camera_absent")

    def grey(self) -> Grey:
        files = sorted(file for file in self._folder.iterdir() if not file.name.startswith("."))
        shown = files[int(time.monotonic() / _TWIN_PICTURE_S) % len(files)] if files else Path()
        if shown != self._shown:
            read = cv2.imread(str(shown), cv2.IMREAD_GRAYSCALE) if files else None
            self._grey = np.zeros((720, 1280), np.uint8) if read is None else read.astype(np.uint8, copy=False)
            self._shown = shown
        return self._grey


class _VideoEye(_CaptureEye):
    def wait(self) -> None:
        time.sleep(_TWIN_FRAME_S)
        if not self._capture.grab():
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            super().wait()
        if not Path(self._path).exists():
            raise barcode_error("camera_absent")
