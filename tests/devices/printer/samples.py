"""Invented slips for the tests, shaped as the kiosk's own; the people do not exist."""

from __future__ import annotations

from devices.printer import Block, Gap, Line, Pair, QrBlock, Rule

TRACKING = "https://motcua.example/h/TAM-BM01-261124-0001K?k=MFRGGZDFMZTWQ"

KIOSK_SLIP: tuple[Block, ...] = (
    Line("ỦY BAN NHÂN DÂN XÃ BẢN MÂY", bold=True, align="center"),
    Line("TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG", size="small", align="center"),
    Rule(),
    Line("PHIẾU GHI NHẬN NỘP HỒ SƠ TẠI KIOSK", size="large", bold=True, align="center"),
    Line("Chưa phải giấy tiếp nhận hồ sơ và hẹn trả kết quả", size="small", align="center"),
    Gap(2),
    Line("TAM-BM01-261124-0001K", size="huge", bold=True, align="center"),
    Pair("Thủ tục", "Đăng ký khai sinh"),
    Pair("Người nộp", "NÔNG THỊ MẪU"),
    Pair("Số định danh", "●●●●●●●●0001"),
    Pair("Giờ nộp", "08:15, thứ Ba 24/11/2026"),
    QrBlock(TRACKING, "Quét mã này bằng điện thoại để xem tình trạng hồ sơ."),
)

LETTERS_IN_WORDS = (
    "bà con má cả nhà đã lạ",
    "năm nay bằng lòng sắp đi thẳng sẵn mặt",
    "cân nặng cần đất phẩm mẫu thật",
    "xe bè em bé trẻ sẽ mẹ",
    "tên đề nghị kết quả kiểm tra Nguyễn việc",
    "đi gì chính tỉnh nghĩa thị xã",
    "con tòa có hỏi võ họ",
    "hôm nay hồ sơ số tổ mỗi một",
    "nơi giờ lớn ở mỡ trợ giúp",
    "chung mùa chú của cũ cụ",
    "cư trú từ thứ gửi giữ sự",
    "yên kỳ ký kỷ kỹ kỵ đúng",
)
