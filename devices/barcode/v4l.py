"""What a Video4Linux device says of itself (linux/videodev2.h, VIDIOC_QUERYCAP), asked without switching the camera on."""

from __future__ import annotations

import errno
import fcntl
import os
import struct

from devices.barcode.errors import barcode_error

_VIDIOC_QUERYCAP = 0x80685600
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_CAPTURES = 0x1 | 0x1000
_HAS_DEVICE_CAPS = 0x80000000


def camera_name(path: str) -> str:
    """What the camera at ``path`` calls itself; it is not switched on. Raises ``camera_absent``, ``camera_denied`` or
    ``barcode_wrong_device``.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            answer = fcntl.ioctl(descriptor, _VIDIOC_QUERYCAP, bytes(_CAPABILITY.size))
        finally:
            os.close(descriptor)
    except OSError as error:
        codes = {errno.EACCES: "camera_denied", errno.EPERM: "camera_denied", errno.ENOTTY: "barcode_wrong_device"}
        raise barcode_error(codes.get(error.errno or 0, "camera_absent")) from None
    _driver, card, _bus, _version, can, device_can = _CAPABILITY.unpack(answer)
    if not (device_can if can & _HAS_DEVICE_CAPS else can) & _CAPTURES:
        raise barcode_error("barcode_wrong_device")
    return str(card.rstrip(b"\0").decode("utf-8", "replace"))
