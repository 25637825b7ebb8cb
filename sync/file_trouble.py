"""Why a file or folder cannot be used or read, in the words of the person who named it; the system's own words are English.
For both buildings."""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Mapping
from typing import Final

_UNUSABLE: Final = "Không đọc ghi được tệp hay thư mục này."
_WHY: Final[Mapping[int, str]] = {
    errno.EACCES: "Không có quyền đọc ghi ở đây.",
    errno.EPERM: "Không có quyền đọc ghi ở đây.",
    errno.EROFS: "Ổ đĩa chỉ cho đọc.",
    errno.ENOSPC: "Ổ đĩa đã đầy.",
    errno.ENAMETOOLONG: "Tên tệp dài quá.",
    errno.EEXIST: "Đã có tệp mang tên này; cần một thư mục.",
    errno.EISDIR: "Đây là thư mục; cần một tệp.",
    errno.ENOTDIR: "Đây là tệp; cần một thư mục.",
    errno.ENOENT: "Không có tệp hay thư mục này.",
    errno.EADDRINUSE: "Cổng này đang có chương trình khác dùng.",
    errno.EADDRNOTAVAIL: "Máy này không mang địa chỉ này.",
}


def toml_vi(error: tomllib.TOMLDecodeError) -> str:
    """Where a text stops being TOML: «dòng 3: …»."""
    at = re.search(r"line (\d+)", str(error))
    line = f"dòng {at[1]}" if at else "cuối tệp"
    return f"{line}: viết chưa đúng dạng TOML (khóa = giá trị, chữ trong ngoặc kép)"


def why_vi(error: OSError) -> str:
    """One sentence."""
    return _WHY.get(error.errno or 0, _UNUSABLE)
