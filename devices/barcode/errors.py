"""Expected failures of the code readers: stable code, a sentence for the screen, what to do."""

from __future__ import annotations

import errno

from devices.errors import DeviceError

_RULES = "chép deploy/udev/70-kiosk.rules vào /etc/udev/rules.d, cho tài khoản kiosk vào nhóm kiosk-dev và khởi động lại máy."

_SENTENCES: dict[str, tuple[str, str]] = {
    "barcode_absent": (
        "Máy quét mã chưa kết nối.",
        "Có thể tự nhập thông tin. Cán bộ kiểm tra dây cắm của máy quét mã.",
    ),
    "barcode_denied": (
        "Chương trình chưa được phép dùng máy quét mã.",
        f"Có thể tự nhập thông tin. Cán bộ kỹ thuật {_RULES}",
    ),
    "barcode_busy": (
        "Máy quét mã đang bị chương trình khác giữ.",
        "Có thể tự nhập thông tin. Cán bộ kỹ thuật tắt chương trình kia, hoặc khởi động lại máy.",
    ),
    "barcode_wrong_device": (
        "Thiết bị ở địa chỉ này không phải máy quét mã như đã ghi.",
        "Có thể tự nhập thông tin. Cán bộ kỹ thuật xem lại địa chỉ ở barcode trong mục [devices] của tệp cấu hình.",
    ),
    "barcode_garbled": (
        "Máy quét mã đọc chưa rõ.",
        "Đưa mã lại gần máy quét, giữ thẳng và yên một lát.",
    ),
    "camera_absent": (
        "Máy chưa thấy camera.",
        "Có thể tự nhập thông tin. Cán bộ kiểm tra dây cắm của camera.",
    ),
    "camera_denied": (
        "Chương trình chưa được phép dùng camera.",
        f"Có thể tự nhập thông tin. Cán bộ kỹ thuật {_RULES}",
    ),
    "camera_busy": (
        "Camera không cho hình, có thể chương trình khác đang dùng.",
        "Có thể tự nhập thông tin. Cán bộ kỹ thuật tắt chương trình kia, rút camera ra rồi cắm lại.",
    ),
    "camera_dark": (
        "Hình của camera quá tối để đọc mã.",
        "Cán bộ bỏ vật che camera, bật đèn, rồi thử lại.",
    ),
    "barcode_address_invalid": (
        "Địa chỉ máy quét mã trong cấu hình chưa đúng.",
        'Cán bộ kỹ thuật ghi barcode = "serial:///dev/ttyACM0", "camera:///dev/video0", "wedge:///dev/input/by-id/…", '
        'nhiều máy thì cách nhau một dấu cách, hoặc "none:", trong mục [devices] của tệp cấu hình.',
    ),
}

LOST = frozenset(_SENTENCES) - {"barcode_garbled", "barcode_address_invalid", "camera_dark"}
"""Codes that mean: this device reads nothing until it is put right."""


def barcode_error(code: str, message_vi: str = "") -> DeviceError:
    """The named failure ``code`` ready to raise; ``message_vi`` replaces the usual sentence where more is known.

    ``KeyError`` for an unknown code.
    """
    message, cure = _SENTENCES[code]
    return DeviceError(code, message_vi or message, cure)


def lost(error: OSError) -> DeviceError:
    """Why a device cannot be opened or went: one of :data:`LOST`."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return barcode_error("barcode_denied")
    if error.errno in (errno.EBUSY, errno.EAGAIN):
        return barcode_error("barcode_busy")
    if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EISDIR):
        return barcode_error("barcode_wrong_device")
    return barcode_error("barcode_absent")
