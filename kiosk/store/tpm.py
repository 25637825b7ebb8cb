"""The key file wrapped by the machine's TPM, through ``systemd-creds`` (systemd 250 or newer).

What is wrapped opens on this board only: a disk put into another computer, or the file copied away, stays shut. There is nothing
to type at start. Whoever starts this very machine with this very disk still reads it: for that there is the passphrase. The
service's user needs access to ``/dev/tpmrm0`` (group ``tss``).
"""

from __future__ import annotations

import base64
import binascii
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.store.connection import StoreError

PROGRAM = "systemd-creds"
NAME = "mot-cua-xa-key"
"""Bound into what is wrapped: systemd refuses to open it under another name."""

_PATIENCE = 30.0
"""Seconds: a TPM on a slow bus takes two or three."""


@dataclass(frozen=True, slots=True)
class TpmWrap:
    """A :class:`sync.keys.KeyWrap` whose key never leaves the TPM."""

    name = "tpm2"

    def wrap(self, secret: bytes) -> dict[str, Any]:
        """Raises StoreError: ``tpm_missing``, ``tpm_refused``."""
        _ask_for_tpm()
        sealed = _run(["encrypt", "--with-key=tpm2", f"--name={NAME}", "-", "-"], secret)
        return {"data": base64.b64encode(sealed).decode("ascii")}

    def unwrap(self, facts: Mapping[str, Any]) -> bytes:
        """Raises StoreError: ``tpm_missing``, ``tpm_refused``."""
        _ask_for_tpm()
        try:
            sealed = base64.b64decode(str(facts.get("data", "")), validate=True)
        except binascii.Error:
            raise _refused("tệp khóa hỏng") from None
        return _run(["decrypt", f"--name={NAME}", "-", "-"], sealed)


def _ask_for_tpm() -> None:
    try:
        found = subprocess.run([PROGRAM, "has-tpm2"], capture_output=True, timeout=_PATIENCE, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        found = False
    if not found:
        raise StoreError(
            "tpm_missing",
            "Máy này không có chip bảo mật TPM 2.0, hoặc hệ điều hành chưa dùng được chip.",
            'Bật TPM trong BIOS và cho dịch vụ vào nhóm tss; máy không có TPM thì đặt store.key_wrap = "passphrase".',
        )


def _run(words: Sequence[str], given: bytes) -> bytes:
    try:
        done = subprocess.run([PROGRAM, *words], input=given, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refused(type(error).__name__) from None
    if done.returncode:
        raise _refused(done.stderr.decode("utf-8", "replace").strip()[:200])
    return done.stdout


def _refused(why: str) -> StoreError:
    return StoreError(
        "tpm_refused",
        f"Chip TPM không mở được tệp khóa ({why}).",
        "Ổ đĩa này thuộc máy khác, hoặc chip đã bị xóa: khôi phục kho từ bản sao lưu rồi ghi danh lại.",
    )
