"""Every expected failure of reading a card, in words for an old person standing at the kiosk.

The code is stable; the sentence says what happened, the cure says what to do with the hands, and always leaves a way on that needs
no working chip: the QR on the card, typing, or the official at the counter.
"""

from __future__ import annotations

from devices.errors import DeviceError

_SENTENCES: dict[str, tuple[str, str]] = {
    "pcscd_absent": (
        "Máy chưa đọc được thẻ vì phần mềm đọc thẻ chưa chạy.",
        "Có thể quét mã QR trên thẻ hoặc tự nhập thông tin. Cán bộ kỹ thuật khởi động dịch vụ pcscd.",
    ),
    "reader_absent": (
        "Máy chưa thấy đầu đọc thẻ.",
        "Có thể quét mã QR trên thẻ hoặc tự nhập thông tin. Cán bộ kiểm tra dây cắm của đầu đọc thẻ.",
    ),
    "reader_none": (
        "Cấu hình của máy ghi là không có đầu đọc thẻ.",
        'Cán bộ kỹ thuật ghi reader = "pcsc:" trong mục [devices] của tệp cấu hình, hoặc thêm --reader pcsc: vào lệnh.',
    ),
    "reader_busy": (
        "Đầu đọc thẻ đang bận việc khác.",
        "Để thẻ nằm yên, máy đọc ngay khi đầu đọc rảnh. Nếu chờ lâu, nhấc thẻ lên, đợi hai giây rồi đặt lại, hoặc quét mã QR.",
    ),
    "card_absent": (
        "Chưa có thẻ trên đầu đọc.",
        "Đặt thẻ căn cước nằm yên trên đầu đọc, chờ máy báo xong.",
    ),
    "card_removed": (
        "Thẻ bị nhấc lên khi máy đang đọc.",
        "Đặt thẻ lại trên đầu đọc và để yên cho đến khi máy báo xong.",
    ),
    "not_cccd": (
        "Thẻ này không phải thẻ căn cước có gắn chíp.",
        "Chỉ đặt một thẻ: thẻ căn cước công dân hoặc thẻ căn cước có gắn chíp. Nếu không mang thẻ, hãy tự nhập thông tin.",
    ),
    "chip_unreadable": (
        "Máy chưa đọc được chíp trên thẻ.",
        "Bỏ thẻ ra khỏi ví, lau sạch, đặt lại một mình. Nếu vẫn không được, hãy quét mã QR hoặc tự nhập.",
    ),
    "wrong_key": (
        "Thông tin dùng để mở chíp không khớp với thẻ này.",
        "Xem lại số căn cước, ngày sinh và ngày hết hạn in trên thẻ rồi nhập lại, hoặc quét đúng mã QR của thẻ đang đặt.",
    ),
    "key_blocked_soon": (
        "Chíp trên thẻ đã bị thử sai nhiều lần, máy dừng lại để thẻ không bị khóa.",
        "Không thử lại ở máy này nữa. Hãy quét mã QR trên thẻ hoặc tự nhập thông tin, và báo cho cán bộ.",
    ),
    "card_mute": (
        "Thẻ không trả lời.",
        "Nhấc thẻ ra khỏi đầu đọc, đợi hai giây rồi đặt lại cho nằm yên.",
    ),
    "reading_broke": (
        "Máy gặp lỗi khi đọc thẻ.",
        "Hãy quét mã QR trên thẻ hoặc tự nhập thông tin. Cán bộ kỹ thuật xem nhật ký của máy.",
    ),
    "key_missing": (
        "Cần biết số căn cước và ngày sinh để mở chíp.",
        "Quét mã QR trên thẻ, hoặc nhập số căn cước, ngày sinh và ngày hết hạn in trên thẻ.",
    ),
    "pace_unavailable": (
        "Máy chưa mở được chíp bằng số truy cập (CAN).",
        "Quét mã QR trên thẻ, hoặc nhập số căn cước, ngày sinh và ngày hết hạn in trên thẻ.",
    ),
    "foreign_qr": (
        "Mã QR này không phải mã trên thẻ căn cước.",
        "Tìm mã QR in trên thẻ căn cước rồi đưa cho máy đọc. Nếu không có, hãy tự nhập thông tin.",
    ),
    "number_invalid": (
        "Số căn cước phải có đủ 12 chữ số.",
        "Xem số in trên thẻ căn cước rồi nhập lại đủ 12 chữ số.",
    ),
    "can_invalid": (
        "Số truy cập (CAN) phải có đủ 6 chữ số.",
        "Xem số truy cập in trên thẻ rồi nhập lại đủ 6 chữ số.",
    ),
    "date_invalid": (
        "Ngày này không có trong lịch.",
        "Xem ngày in trên thẻ rồi nhập lại, ví dụ 01/02/1990. Nếu chỉ nhớ năm sinh thì nhập năm.",
    ),
    "address_invalid": (
        "Địa chỉ đầu đọc thẻ trong cấu hình chưa đúng.",
        'Cán bộ kỹ thuật ghi reader = "pcsc:" hoặc "pcsc:TÊN ĐẦU ĐỌC" trong mục [devices] của tệp cấu hình.',
    ),
    "mrz_invalid": (
        "Ba dòng ký tự ở mặt sau thẻ chưa đúng.",
        "Nhập lại ba dòng chữ và số có dấu < ở mặt sau thẻ, mỗi dòng 30 ký tự.",
    ),
}


def card_error(code: str, message_vi: str = "") -> DeviceError:
    """The named failure ``code`` ready to raise; ``message_vi`` replaces the usual sentence where more is known.

    ``KeyError`` for an unknown code.
    """
    message, cure = _SENTENCES[code]
    return DeviceError(code, message_vi or message, cure)
