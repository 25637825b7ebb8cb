"""Named errors of sticks and couriers: a volume not taken, a stick that cannot be used; :mod:`sync.errors` tells the rules.

Whatever is raised here, the journal was not touched, and the person at the kiosk reads what to do with the stick in their hand.
"""

from __future__ import annotations

from sync.errors import SyncError


class BundleError(SyncError):
    """A volume of a bundle cannot be taken, or a stick cannot be used. The journal was not touched."""

    code = "bundle"
    message_vi = "Không dùng được gói dữ liệu trên USB."
    cure_vi = "Hồ sơ vẫn an toàn tại máy; xuất lại gói ra USB."


class BundleDamaged(BundleError):
    """Cut short, altered, or not a volume: nothing of it was taken."""

    code = "bundle_damaged"
    message_vi = "Gói dữ liệu trên USB bị hỏng hoặc chép chưa hết."
    cure_vi = "Không dữ liệu nào bị mất. Chép lại gói, chờ báo «có thể rút USB» rồi mới rút."


class BundleLater(BundleDamaged):
    """Of a later version of this format: perhaps whole, but nothing of it can be read here."""

    code = "bundle_later_version"
    message_vi = "Gói dữ liệu trên USB do phần mềm phiên bản mới hơn ghi."
    cure_vi = "Cập nhật phần mềm của máy này rồi nhập lại USB; không dữ liệu nào bị mất."


class BundleChanged(BundleDamaged):
    """The file became another one while it was read: a failing stick, or somebody writes on it."""

    code = "bundle_changed"
    message_vi = "Gói dữ liệu thay đổi trong lúc đang đọc: USB hỏng hoặc có máy khác đang ghi."
    cure_vi = "Dùng USB khác và chép lại gói."


class BundleTooLarge(BundleError):
    """Over a size limit."""

    code = "bundle_too_large"
    message_vi = "Gói dữ liệu vượt giới hạn kích thước."


class BundleForged(BundleError):
    """Whole, but not signed by whom it names: nothing of it was looked at."""

    code = "bundle_forged"
    message_vi = "Chữ ký của gói dữ liệu không đúng."
    cure_vi = "Không dữ liệu nào được nhận. Báo kỹ thuật viên: USB có thể đã bị tráo."


class BundleForeign(BundleError):
    """Of another commune: it is sealed, and nothing of it can be read here."""

    code = "bundle_foreign"
    message_vi = "USB này mang dữ liệu của xã khác."
    cure_vi = "Đưa USB đến đúng xã ghi trên nhãn."


class BundleOtherProvince(BundleError):
    """Of another province, or of a test installation."""

    code = "bundle_other_province"
    message_vi = "USB này thuộc hệ thống của tỉnh khác."
    cure_vi = "Kiểm tra lại USB; không dữ liệu nào được nhận."


class BundleWrongWay(BundleError):
    """An upward volume given to a kiosk, or a downward one to the province."""

    code = "bundle_wrong_way"
    message_vi = "Gói này không dành cho nơi đang nhận."
    cure_vi = "Gói của máy xã thì đưa lên tỉnh; gói của tỉnh thì đưa về xã."


class BundleUnknownDevice(BundleError):
    """From a device the province does not know."""

    code = "bundle_unknown_device"
    message_vi = "Tỉnh không biết máy đã ghi gói này."
    cure_vi = "Kiểm tra máy đã được tỉnh ghi danh chưa."


class SieveFailed(BundleError):
    """The process that reads the stick was stopped by its limits or ended by itself."""

    code = "bundle_unreadable"
    message_vi = "Không đọc hết được gói dữ liệu trên USB."
    cure_vi = "Rút USB, cắm lại và thử lần nữa; nếu lặp lại, dùng USB khác."


class StickFull(BundleError):
    """No room for even one volume."""

    code = "stick_full"
    message_vi = "USB đã đầy."
    cure_vi = "Xóa bớt tệp khác trên USB hoặc dùng USB khác; các gói đã ghi xong vẫn dùng được."


class StickReadOnly(BundleError):
    """The stick cannot be written: a lock switch, or mounted read-only after a fault."""

    code = "stick_read_only"
    message_vi = "USB đang khóa ghi."
    cure_vi = "Gạt khóa trên USB, hoặc rút ra cắm lại; nếu vẫn vậy, dùng USB khác."


class StickGone(BundleError):
    """Pulled while it was written or read."""

    code = "stick_gone"
    message_vi = "USB bị rút trước khi xong."
    cure_vi = "Cắm lại và xuất lại; chờ báo «có thể rút USB» rồi mới rút. Không dữ liệu nào bị mất."


class StickUnreliable(BundleError):
    """What was read back is not what was written."""

    code = "stick_unreliable"
    message_vi = "USB ghi sai dữ liệu."
    cure_vi = "Bỏ USB này, dùng USB khác."


class StickOutside(BundleError):
    """The folder given is no stick: it lies outside the places where sticks are mounted."""

    code = "stick_outside"
    message_vi = "Thư mục này không phải USB."
    cure_vi = "Cắm USB và chọn thư mục gắn của nó, hoặc thêm nơi gắn vào «sync.stick_folders»."


class StickMissing(BundleError):
    """No stick is plugged in, or several are."""

    code = "stick_missing"
    message_vi = "Không thấy USB nào, hoặc có nhiều USB cùng lúc."
    cure_vi = "Cắm đúng một USB, hoặc ghi rõ thư mục của USB."


class CourierRefused(BundleError):
    """The courier did not take or give a volume. ``reason`` is stable."""

    code = "courier_refused"
    message_vi = "Máy chuyển hộ từ chối."
    cure_vi = "Xem lại mã một lần trên màn hình máy chuyển hộ; sai 10 lần thì máy đó đóng trang, mở lại để lấy mã mới."

    def __init__(self, reason: str) -> None:
        super().__init__(f"the courier refuses: {reason}")
        self.reason = reason
