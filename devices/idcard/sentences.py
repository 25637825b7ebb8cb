"""What was proved about a chip, in words for the official beside the kiosk. Codes as in :class:`devices.idcard.facts.Proof`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from devices.idcard.facts import Proof

_VERDICTS: Final[Mapping[str, str]] = {
    "issuer_trusted": "Dữ liệu trên chíp nguyên vẹn và do cơ quan cấp thẻ ký.",
    "intact_issuer_unchecked": "Dữ liệu trên chíp nguyên vẹn; chưa kiểm tra được cơ quan cấp.",
    "not_genuine": "Chíp này không phải chíp thật hoặc dữ liệu đã bị sửa.",
    "not_checked": "Chưa kiểm tra được dữ liệu trên chíp.",
}

_REASONS: Final[Mapping[str, str]] = {
    "issuer_not_installed": "Dữ liệu trên chíp nguyên vẹn; chưa kiểm tra được cơ quan cấp vì máy chưa cài chứng thư gốc.",
    "signer_untrusted": "Dữ liệu trên chíp nguyên vẹn, nhưng không chứng thư gốc nào đã cài trên máy xác nhận người ký.",
    "signer_expired": "Dữ liệu trên chíp nguyên vẹn, nhưng được ký ngoài thời hạn của chứng thư người ký.",
    "issuer_expired": "Dữ liệu trên chíp nguyên vẹn, nhưng chứng thư người ký được cấp ngoài thời hạn của chứng thư gốc.",
    "sod_missing": "Chíp không có chữ ký của cơ quan cấp. Chíp thật nào cũng có.",
    "sod_unreadable": "Chữ ký của cơ quan cấp trên chíp bị hỏng hoặc là giả.",
    "hash_mismatch": "Dữ liệu trên chíp không phải dữ liệu cơ quan cấp đã ký: đã bị sửa.",
    "hash_missing": "Trên chíp có dữ liệu mà cơ quan cấp không ký.",
    "attributes_wrong": "Chữ ký trên chíp không phải chữ ký cho dữ liệu này.",
    "signature_wrong": "Chữ ký trên chíp sai.",
    "issuer_mismatch": "Chứng thư người ký là giả: mang tên cơ quan cấp nhưng cơ quan cấp không ký.",
    "country_mismatch": "Chữ ký trên chíp là của một nước khác.",
    "usage_wrong": "Chữ ký trên chíp được làm bằng chứng thư không dùng để ký thẻ.",
    "signer_revoked": "Chứng thư của người ký đã bị cơ quan cấp thu hồi.",
    "signer_missing": "Chưa kiểm tra được dữ liệu trên chíp vì chíp không kèm chứng thư của người ký và máy cũng chưa cài.",
    "algorithm_unknown": "Phần mềm của máy chưa biết cách kiểm tra loại chữ ký này.",
    "crl_missing": "Dữ liệu trên chíp nguyên vẹn và do cơ quan cấp thẻ ký. Máy chưa có danh sách chứng thư bị thu hồi.",
    "crl_expired": "Dữ liệu trên chíp nguyên vẹn và do cơ quan cấp thẻ ký. Danh sách chứng thư bị thu hồi trên máy đã cũ.",
    "clock_unsure": "Dữ liệu trên chíp nguyên vẹn và do cơ quan cấp thẻ ký. Giờ của máy chưa chắc đúng nên chưa xét thời hạn.",
    "data_withheld": "Chíp giấu phần thông tin của người giữ thẻ mà cơ quan cấp đã ký: cán bộ xem thẻ.",
    "chip_copied": "Chíp không chứng minh được nó là chíp gốc: đây là bản sao.",
}

_CLONES: Final[Mapping[str, str]] = {
    "active": "Chíp không phải bản sao.",
    "chip": "Chíp không phải bản sao.",
    "none": "Chưa kiểm tra được chíp có phải bản sao hay không.",
}
_UNVOUCHED: Final = "Chíp qua được phép thử bản sao, nhưng chưa rõ khóa của nó do ai cấp."
"""In place of «no copy» while nobody known has signed the chip's key."""

_DOUBTS: Final[Mapping[str, str]] = {
    "proof_withheld": "Chíp giấu phần chống sao chép mà cơ quan cấp đã ghi: có thể là bản sao.",
    "proof_refused": "Chíp không chịu chứng minh nó là chíp gốc: có thể là bản sao.",
    "proof_unusable": "Máy chưa biết cách kiểm tra chíp này có phải bản sao hay không.",
}


def proof_vi(proof: Proof) -> str:
    """What is known of the data and why no more, then whether the chip may be a copy. An unknown reason is shown as it stands."""
    reason = proof.reason
    told = _REASONS.get(reason) or _VERDICTS[proof.verdict]
    if reason and reason not in _REASONS and reason not in _DOUBTS:
        told += f" [{reason}]"
    if proof.verdict == "not_genuine":
        return told
    vouched = proof.verdict == "issuer_trusted" or proof.clone_check == "none"
    return f"{told} {_DOUBTS.get(reason) or (_CLONES[proof.clone_check] if vouched else _UNVOUCHED)}"
