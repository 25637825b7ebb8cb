"""The one door of Một Cửa Xã: ``python3 main.py COMMAND``.

This file guarantees only that the house is entered with a right Python: it is kept to syntax that Python 3.6 can parse, so that
an old interpreter says what is missing instead of failing on a line it cannot read. Everything behind it lives in ``door/``
(standard library only) and stands on Python 3.11 or newer.
"""

import os
import sys

ROOT = os.path.dirname(os.path.realpath(__file__))
OLDEST = (3, 11)
NEWEST = (3, 13)
WRONG_PYTHON = 10


def right_python() -> str:
    """Path of an interpreter of a supported version, or an empty string: the environment's own first, then by name."""
    import shutil
    import subprocess

    names = ["python3.%d" % minor for minor in range(OLDEST[1], NEWEST[1] + 1)] + ["python3"]
    places = [os.path.join(ROOT, ".venv", "bin", "python"), *(shutil.which(name) or "" for name in names)]
    asking = "import sys; sys.exit(not %r <= sys.version_info[:2] <= %r)" % (OLDEST, NEWEST)
    for place in places:
        # A name on the path is no proof: version managers leave shims that only print an error.
        if place and os.path.exists(place) and subprocess.call([place, "-c", asking], stderr=subprocess.DEVNULL) == 0:
            return place
    return ""


def main() -> int:
    """Hand the command to the door, or start again with a Python that can."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        from door.entrance import enter

        return enter(sys.argv[1:])
    other = right_python()
    if other:
        os.execv(other, [other, os.path.join(ROOT, "main.py"), *sys.argv[1:]])
    sys.stderr.write(
        "wrong_python: Chương trình cần Python 3.11, 3.12 hoặc 3.13; máy đang dùng Python %d.%d.\n"
        "  Cách xử lý: cài python3.11 (Debian 12 có sẵn: apt-get install python3), rồi chạy: python3.11 main.py …\n"
        "  (Needs Python 3.11, 3.12 or 3.13 and found none; this is %d.%d.)\n" % (sys.version_info[:2] + sys.version_info[:2])
    )
    return WRONG_PYTHON


if __name__ == "__main__":
    sys.exit(main())
