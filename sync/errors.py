"""Named errors of the sync room: a stable code, an English text for the log, a Vietnamese sentence and a cure for the screen.

Everything the other end or the line can do wrong ends in one of these; anything else that is raised in this room is a defect and
is allowed to crash into the supervisor. Codes are stable: screens, tests and ``sync status`` match them.
"""

from __future__ import annotations

from typing import ClassVar


class SyncError(Exception):
    """Base of all expected failures here; ``code`` is stable and may be matched by programs."""

    code: ClassVar[str] = "sync_error"
    message_vi: str = "Đồng bộ với tỉnh gặp lỗi."
    cure_vi: str = "Hồ sơ vẫn được giữ an toàn tại máy; máy sẽ tự thử lại."


# --- what arrives ---------------------------------------------------------------------------------------------------


class NotOurProtocol(SyncError):
    """The answer does not start with the magic: a login page, a proxy, a wrong address."""

    code = "not_our_protocol"
    message_vi = "Câu trả lời không phải của máy chủ tỉnh."
    cure_vi = "Kiểm tra mạng có đòi đăng nhập hay không, rồi kiểm tra địa chỉ máy chủ."


class OtherProtocol(NotOurProtocol):
    """A message of this program in a later version of the protocol."""

    code = "protocol_unsupported"
    message_vi = "Phần mềm của máy này và của tỉnh không cùng phiên bản trao đổi."
    cure_vi = "Kỹ thuật: cập nhật phần mềm; dữ liệu chờ gửi vẫn nguyên ở máy."


class BadFrame(SyncError):
    """A request or reply starts like ours but is cut, oversized or malformed."""

    code = "bad_frame"
    message_vi = "Gói tin đồng bộ bị hỏng trên đường truyền."


class BadSignature(SyncError):
    """A signature does not verify: altered on the way, or signed with another key."""

    code = "bad_signature"
    message_vi = "Chữ ký của máy chủ tỉnh không đúng."
    cure_vi = "Không dữ liệu nào được nhận. Báo kỹ thuật viên nếu lặp lại."


class StaleReply(SyncError):
    """A signed reply that answers no outstanding request: a replay, a second copy, or from before a reset."""

    code = "stale_reply"
    message_vi = "Câu trả lời không khớp với yêu cầu đang chờ."


class SegmentError(SyncError):
    """A segment breaks a rule of the format."""

    code = "segment_invalid"
    message_vi = "Gói dữ liệu sai định dạng."


class SegmentTooLarge(SegmentError):
    """A segment is over a size limit, on the wire or unpacked."""

    code = "segment_too_large"
    message_vi = "Gói dữ liệu vượt giới hạn kích thước."


class UnknownDictionary(SegmentError):
    """A segment is compressed with a dictionary this end does not hold."""

    code = "dictionary_unknown"
    message_vi = "Gói dữ liệu cần bảng nén mà máy này chưa có."
    cure_vi = "Cập nhật phần mềm."


class DictionaryDamaged(SyncError):
    """A shipped dictionary is missing or altered."""

    code = "dictionary_damaged"
    message_vi = "Bảng nén đi kèm phần mềm bị thiếu hoặc bị sửa."
    cure_vi = "Cài lại phần mềm."


class SealBroken(SegmentError):
    """A sealed box does not open: another key, or altered."""

    code = "seal_broken"
    message_vi = "Không mở được gói dữ liệu đã niêm phong."


class ChainBroken(SegmentError):
    """The lines of a segment do not lead from the receiver's own head to the head the segment claims."""

    code = "chain_broken"
    message_vi = "Chuỗi sự kiện không khớp."
    cure_vi = "Báo kỹ thuật viên."


class Diverged(ChainBroken):
    """The segment starts from another head than the receiver holds at that place: two histories of one chain."""

    code = "chain_diverged"


class StaleBundle(SyncError):
    """What came on a stick belongs to a feed this kiosk has left: an epoch before the one it follows."""

    code = "bundle_stale"
    message_vi = "USB này là bản cũ, máy đã nhận dữ liệu mới hơn từ tỉnh."
    cure_vi = "Không cần làm gì; hãy lấy bản mới của tỉnh nếu cần."


class FeedGap(SyncError):
    """The feed continues beyond the next position: applying it would skip entries."""

    code = "feed_gap"
    message_vi = "Dòng dữ liệu từ tỉnh bị thiếu đoạn."
    cure_vi = "Nhập các gói cũ hơn trước. Nếu không còn gói cũ: xuất lại USB, đưa lên tỉnh lấy trả lời mới."


class ProvinceInconsistent(SyncError):
    """The province contradicts what it signed before, without a new epoch. Nothing is applied."""

    code = "province_inconsistent"
    message_vi = "Máy chủ tỉnh trả lời trái với những gì đã xác nhận."
    cure_vi = "Hồ sơ vẫn an toàn tại máy. Báo ngay cho người quản trị máy chủ tỉnh."


class Refused(SyncError):
    """A signed refusal of the province. ``reason`` is stable."""

    code = "refused"
    message_vi = "Máy chủ tỉnh từ chối máy này."
    cure_vi = "Liên hệ người quản trị của tỉnh để kiểm tra đăng ký máy."

    _SAID: ClassVar[dict[str, tuple[str, str]]] = {
        OtherProtocol.code: (OtherProtocol.message_vi, OtherProtocol.cure_vi),
        "malformed": ("Gói tin của máy này tới tỉnh bị hỏng trên đường truyền.", SyncError.cure_vi),
        "unknown_device": ("Máy chủ tỉnh không có máy này trong danh sách.", "Kỹ thuật: ghi danh lại bằng «sync enrol --again»."),
        "bad_signature": ("Máy chủ tỉnh không nhận chữ ký của máy này.", "Kỹ thuật: ghi danh lại bằng «sync enrol --again»."),
        "revoked": ("Máy này đã bị tỉnh thu hồi quyền gửi.", "Dữ liệu vẫn nguyên ở máy. Liên hệ người quản trị của tỉnh."),
        "former_key": ("Máy này còn dùng khóa cũ đã thay.", "Kỹ thuật: khởi động lại đồng bộ, rồi «sync enrol --again»."),
    }

    def __init__(self, reason: str) -> None:
        super().__init__(f"the province refuses: {reason}")
        self.reason = reason
        self.message_vi, self.cure_vi = self._SAID.get(reason, (self.message_vi, self.cure_vi))


class SegmentQuarantined(SyncError):
    """The province put a segment of this kiosk aside, or does not take what it is sent. The kiosk keeps it and tries again
    slowly."""

    code = "segment_refused"
    message_vi = "Máy chủ tỉnh giữ lại một phần dữ liệu của máy này để kiểm tra."
    cure_vi = "Hồ sơ vẫn an toàn tại máy. Báo kỹ thuật viên."


# --- the line -------------------------------------------------------------------------------------------------------


class BearerError(SyncError):
    """The line did not bring an answer of the province."""

    code = "line"

    def __init__(self, text: str, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        """Seconds the other end asked us to wait, 0 when it did not."""


class Offline(BearerError):
    """No connection, or it broke."""

    code = "offline"
    message_vi = "Chưa kết nối được với máy chủ tỉnh."
    cure_vi = "Hồ sơ vẫn nộp được; máy sẽ tự gửi khi có mạng."


class TimedOut(BearerError):
    """Connected, but nothing came in time."""

    code = "timeout"
    message_vi = "Đường truyền quá chậm hoặc máy chủ tỉnh không trả lời."
    cure_vi = "Hồ sơ vẫn nộp được; máy sẽ tự thử lại."


class ServerError(BearerError):
    """The server answered 5xx or 429."""

    code = "server_error"
    message_vi = "Máy chủ tỉnh đang bận hoặc gặp lỗi."
    cure_vi = "Hồ sơ vẫn nộp được; máy sẽ tự thử lại."


class CaptivePortal(BearerError):
    """Somebody on the way answered with a page or a redirect of their own (RFC 8908 describes why)."""

    code = "captive_portal"
    message_vi = "Mạng yêu cầu đăng nhập."
    cure_vi = "Mở trình duyệt trên máy khác cùng mạng để đăng nhập mạng, hoặc đổi sang mạng khác."

    def __init__(self, text: str, portal: str = "") -> None:
        super().__init__(text)
        self.portal = portal
        """Address of the login page as the network gave it, without query; empty when it gave none."""


class WrongAnswer(BearerError):
    """A 4xx without our magic: a wrong address, or a proxy that refuses."""

    code = "wrong_answer"
    message_vi = "Địa chỉ máy chủ tỉnh không đúng, hoặc bị máy trung gian chặn."
    cure_vi = "Kiểm tra địa chỉ máy chủ trong cấu hình."


class WrongServer(BearerError):
    """TLS reached somebody who cannot show the province's key or certificate: a portal, an inspecting proxy, an impostor."""

    code = "wrong_server"
    message_vi = "Máy chủ trả lời không phải máy chủ của tỉnh."
    cure_vi = "Mạng có thể đòi đăng nhập hoặc đang bị can thiệp: đổi mạng. Nếu tỉnh vừa đổi máy chủ, cập nhật «province.tls_pins»."


class ProxyRefused(BearerError):
    """The configured proxy does not let us through."""

    code = "proxy_refused"
    message_vi = "Máy chủ proxy của cơ quan không cho qua."
    cure_vi = "Kiểm tra «sync.proxy» và tệp tài khoản proxy với người quản trị mạng."


# --- keys and enrolment ---------------------------------------------------------------------------------------------


class BadLetter(SyncError):
    """A signed letter (enrolment, keys) is malformed or meant for somebody else."""

    code = "letter_invalid"
    message_vi = "Văn bản khóa của tỉnh không hợp lệ."
    cure_vi = "Không khóa nào được thay. Báo kỹ thuật viên nếu lặp lại."


class KeysOutOfTurn(BadLetter):
    """A letter with keys that do not follow the generation held: an old one again, or one before it is missing."""

    code = "keys_out_of_turn"
    message_vi = "Khóa mới không nối tiếp khóa đang dùng."


class LetterForAnother(BadLetter):
    """A true letter with the key of another device: on a stick lie those of every kiosk it answers."""

    code = "letter_for_another"
    message_vi = "Văn bản khóa này dành cho máy khác."


class SealedFileError(SyncError):
    """A sealed file (a backup) is cut short, altered, or no such file."""

    code = "sealed_file_damaged"
    message_vi = "Tệp sao lưu hỏng hoặc bị sửa."
    cure_vi = "Dùng bản sao lưu khác."


class SealedFileLocked(SealedFileError):
    """None of the keys at hand opens a sealed file."""

    code = "sealed_file_locked"
    message_vi = "Không có khóa mở tệp sao lưu này."
    cure_vi = "Dùng đúng mật khẩu, hoặc nhờ tỉnh mở khóa bằng «province backup-open»."


class KeyFileError(SyncError):
    """A key file is missing, damaged, or readable by other users."""

    code = "key_file"
    message_vi = "Không đọc được tệp khóa của máy."
    cure_vi = "Đăng ký lại máy với tỉnh, hoặc khôi phục tệp khóa từ bản sao lưu."


class KeyFileOpen(KeyFileError):
    """Other users of the machine can read a key file."""

    message_vi = "Tệp khóa đang để người khác đọc được."
    cure_vi = "Chạy «chmod 600» cho tệp khóa rồi mở lại."


class KeyFileWrapped(KeyFileError):
    """A key file is wrapped in another way than the configuration says."""

    message_vi = "Tệp khóa được gói khác với cấu hình."
    cure_vi = "Sửa lại «store.key_wrap» như cũ, hoặc chạy «store wrap-key» để gói lại."


class WrongPassphrase(KeyFileError):
    """The passphrase does not open the key file."""

    code = "passphrase_wrong"
    message_vi = "Cụm mật khẩu mở máy không đúng."
    cure_vi = "Gõ lại cụm mật khẩu."


class EnrolError(SyncError):
    """An enrolment request or bundle is malformed, foreign, or not signed by the expected key."""

    code = "enrol_invalid"
    message_vi = "Tệp đăng ký máy không hợp lệ."
    cure_vi = "Làm lại việc đăng ký từ đầu."


class EnrolRefused(EnrolError):
    """The province refused the request. ``reason`` is stable (``code_invalid``, ``code_used``, ``denied`` …)."""

    code = "enrol_refused"
    message_vi = "Tỉnh không chấp nhận đăng ký máy này."
    cure_vi = "Xin mã đăng ký mới từ người quản trị của tỉnh."

    def __init__(self, reason: str) -> None:
        super().__init__(f"enrolment refused: {reason}")
        self.reason = reason


# --- attachments ----------------------------------------------------------------------------------------------------


class BlobProtocol(SyncError):
    """A call or an answer about an attachment is malformed."""

    code = "blob_malformed"
    message_vi = "Gói tin gửi giấy tờ đính kèm bị hỏng trên đường truyền."


class BlobDamaged(SyncError):
    """A file is missing, cut, or not what its name says."""

    code = "blob_damaged"
    message_vi = "Tệp giấy tờ đính kèm trên máy bị hỏng hoặc bị mất."
    cure_vi = "Quét lại giấy tờ này và gửi lại. Hồ sơ vẫn an toàn tại máy."


class BlobDiskFull(SyncError):
    """There is no room for an attachment where it should be written."""

    code = "disk_full"
    message_vi = "Ổ đĩa nhận giấy tờ đính kèm đã đầy."
    cure_vi = "Giấy tờ vẫn ở máy và sẽ được gửi tiếp khi có chỗ. Báo kỹ thuật viên."
