"""Expected failures of the barcode reader: stable code, a sentence for the screen, what to do."""

from __future__ import annotations

from devices.errors import DeviceError

_SENTENCES: dict[str, tuple[str, str]] = {
    "barcode_absent": (
        "Máy quét mã chưa kết nối.",
        "Có thể tự nhập thông tin. Cán bộ kiểm tra dây cắm của máy quét mã.",
    ),
    "barcode_garbled": (
        "Máy quét mã đọc chưa rõ.",
        "Đưa mã lại gần máy quét, giữ thẳng và yên một lát.",
    ),
    "barcode_address_invalid": (
        "Địa chỉ máy quét mã trong cấu hình chưa đúng.",
        'Cán bộ kỹ thuật ghi barcode = "serial:///dev/ttyACM0" hoặc "none:" trong mục [devices] của tệp cấu hình.',
    ),
}


def barcode_error(code: str) -> DeviceError:
    """The named failure ``code`` ready to raise. ``KeyError`` for an unknown code."""
    message, cure = _SENTENCES[code]
    return DeviceError(code, message, cure)
