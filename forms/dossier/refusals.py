"""Every refusal a command can give, as one table: stable code -> what is wrong, what to do.

Officials read these; a text may name ``{act_vi}`` (the act) and ``{status_vi}`` (where the dossier stands).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "not_new": (
        "Hồ sơ này không còn ở trạng thái chờ tiếp nhận.",
        "Mở lại hồ sơ để xem bước hiện tại.",
    ),
    "wrong_state": (
        "Hồ sơ đang ở trạng thái «{status_vi}», không {act_vi} được.",
        "Mở lại hồ sơ, làm bước hợp với trạng thái hiện tại.",
    ),
    "withdraw_late": (
        "Hồ sơ đang ở trạng thái «{status_vi}», không rút được nữa.",
        "Giải thích cho người nộp; nếu đã có kết quả thì mời nhận kết quả.",
    ),
    "no_result": (
        "Hồ sơ chưa có kết quả để trả.",
        "Ghi kết quả trước, rồi trả cho người nhận.",
    ),
    "role_forbidden": (
        "Người đang thao tác không được {act_vi} hồ sơ.",
        "Nhờ người có thẩm quyền làm bước này.",
    ),
    "resolved_elsewhere": (
        "Đơn vị khác đang giải quyết hồ sơ này, xã không {act_vi} được.",
        "Liên hệ đơn vị đang giải quyết.",
    ),
    "reason_missing": (
        "Chưa ghi lý do.",
        "Ghi rõ lý do bằng câu người dân hiểu được.",
    ),
    "supplement_twice": (
        "Hồ sơ đã được yêu cầu bổ sung một lần; lần nữa thì hồ sơ bị tính là quá hạn.",
        "Giải quyết với giấy tờ đã có, hoặc dừng giải quyết và nêu rõ lý do.",
    ),
    "supplement_empty": (
        "Chưa ghi giấy tờ nào cần bổ sung.",
        "Ghi đủ mọi giấy tờ còn thiếu: chỉ được yêu cầu một lần.",
    ),
    "not_accepted": (
        "Hồ sơ này chưa được tiếp nhận.",
        "Khi giấy tờ đã đủ, bấm «Tiếp nhận» để cấp giấy hẹn.",
    ),
    "supplement_waiting": (
        "Chưa hết thời hạn chờ người nộp bổ sung.",
        "Chờ đến hết thời hạn ghi trên phiếu yêu cầu bổ sung.",
    ),
    "due_past": (
        "Ngày hẹn không sau thời điểm hiện tại.",
        "Kiểm tra ngày giờ của máy và ngày hẹn.",
    ),
    "no_due": (
        "Hồ sơ chưa có ngày hẹn trả để gia hạn.",
        "Tiếp nhận hồ sơ trước.",
    ),
    "extension_twice": (
        "Hồ sơ đã xin lỗi và hẹn lại một lần.",
        "Trả kết quả theo ngày đã hẹn lại; không được hẹn lại lần nữa.",
    ),
    "extension_late": (
        "Phải xin lỗi và hẹn lại chậm nhất 1 ngày trước ngày hẹn trả.",
        "Báo lãnh đạo; giải quyết ngay, hồ sơ được tính theo ngày hẹn cũ.",
    ),
    "extension_not_later": (
        "Ngày hẹn mới không sau ngày hẹn cũ.",
        "Chọn ngày hẹn sau ngày đã hẹn.",
    ),
    "duties_empty": (
        "Chưa ghi khoản tiền phải nộp.",
        "Ghi tên khoản tiền theo thông báo.",
    ),
    "unit_missing": (
        "Chưa chọn đơn vị nhận hồ sơ.",
        "Chọn đơn vị giải quyết tiếp theo.",
    ),
    "unit_same": (
        "Hồ sơ đang ở chính đơn vị này.",
        "Chọn đơn vị khác.",
    ),
    "collector_missing": (
        "Chưa ghi tên người nhận kết quả.",
        "Xem giấy tiếp nhận hoặc giấy tờ tùy thân, ghi tên người nhận.",
    ),
    "authorisation_missing": (
        "Người nộp không phải người yêu cầu mà chưa rõ nộp thay theo quyền nào.",
        "Ghi quan hệ gia đình, hoặc giấy ủy quyền.",
    ),
    "name_missing": (
        "Chưa ghi tên người.",
        "Ghi đủ họ tên.",
    ),
    "amount_wrong": (
        "Số tiền phải là số nguyên đồng, lớn hơn 0.",
        "Ghi lại số tiền.",
    ),
    "citizen_claims_only": (
        "Người dân chỉ báo là đã chuyển tiền; cán bộ mới ghi nhận tiền đã đến.",
        "Cán bộ kiểm tra rồi ghi nhận.",
    ),
    "field_closed": (
        "Mục này không sửa trực tiếp được.",
        "Thông tin lúc nộp thì đính chính, có lý do; mục của tỉnh thì tỉnh sửa.",
    ),
    "not_correctable": (
        "Mục này không đính chính được.",
        "Nếu nộp nhầm thủ tục, rút hồ sơ và nộp lại.",
    ),
    "nothing_changed": (
        "Giá trị mới giống giá trị cũ.",
        "Kiểm tra lại điều cần sửa.",
    ),
    "entry_unknown": (
        "Không có mục này trong hồ sơ, hoặc mục đã được gỡ.",
        "Mở lại hồ sơ để xem danh sách mới.",
    ),
    "entry_exists": (
        "Mục này đã được ghi.",
        "Mở lại hồ sơ để xem danh sách mới.",
    ),
    "already_decided": (
        "Chỗ khác nhau này đã có người quyết định.",
        "Mở lại hồ sơ để xem quyết định.",
    ),
    "choice_closed": (
        "Không chọn lại giá trị cũ cho mục này được.",
        "Giữ giá trị hiện tại; cần đổi thì đính chính hoặc ghi mục mới.",
    ),
    "value_moved": (
        "Mục này vừa được sửa tiếp, không còn là giá trị đang xem.",
        "Mở lại hồ sơ rồi quyết định.",
    ),
}


class DossierError(Exception):
    """A command that the law or the state of the dossier does not allow. ``code`` is stable, the texts are for people."""

    def __init__(self, code: str, *, act_vi: str = "", status_vi: str = "") -> None:
        message, cure = REFUSALS[code]
        self.code = code
        self.message_vi = message.format(act_vi=act_vi, status_vi=status_vi)
        self.cure_vi = cure
        super().__init__(f"{code}: {self.message_vi}")
