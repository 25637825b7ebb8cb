"""A volume from a stranger's stick is read by a process that can do nothing: ``python -m sync.sieve``.

The parent opens the file and passes it as standard input, with the public keys one of which must have signed; the child gives up
its rights *before it reads a byte* (no new files, no network, no growth, bounded time and memory, the user nobody where it was
root), proves the signature over the whole volume, and only then passes frames on through a pipe. It holds no secret. What
comes out proves itself once more in the parent: segments are signed, blobs are named by their hash, letters and manifest carry
signatures. A child that is stopped by its limits is a volume refused, nothing else.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, Final

from sync.bundle import MAX_FRAME, MAX_VOLUME, Frame, Kind, check, frames
from sync.bundle_errors import BundleError, SieveFailed
from sync.keys import VerifyKey

MEMORY: Final = 512 * 1024 * 1024
"""Address space of the child, bytes: the interpreter and one frame."""
SECONDS: Final = 20
"""Processor seconds of the child, and one more for each 20 MB."""
_NOBODY: Final = 65534
_NEW_USER: Final = 0x10000000
_NEW_NETWORK: Final = 0x40000000
_NO_NEW_PRIVILEGES: Final = 38

_RECORD: Final = struct.Struct(">BI")
_DONE: Final = 0
_FAILED: Final = 254
_KNOWN: Final = frozenset(Kind)
"""Frames of other kinds are of a later version and skipped."""


def sift(file: BinaryIO, keys: Sequence[bytes], most: int = MAX_VOLUME) -> Iterator[Frame]:
    """The frames of a volume that one of the public keys signed, read in a process without rights.

    Raises:
        BundleError: why the volume is refused; :class:`SieveFailed` when its reader was stopped.
    """
    command = [sys.executable, "-m", "sync.sieve", str(most), *(key.hex() for key in keys)]
    home = Path(__file__).resolve().parent.parent
    with subprocess.Popen(
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=home, env={"PYTHONDONTWRITEBYTECODE": "1"}
    ) as child:
        assert child.stdout is not None
        try:
            yield from _records(child.stdout)
        finally:
            child.kill()


def _records(pipe: IO[bytes]) -> Iterator[Frame]:
    while True:
        kind, size = _RECORD.unpack(_exactly(pipe, _RECORD.size))
        if size > MAX_FRAME:
            raise SieveFailed("the reader passes on a frame that is too large")
        body = _exactly(pipe, size)
        if kind == _DONE:
            return
        if kind == _FAILED:
            raise _REASONS.get(body.decode("ascii", "replace"), SieveFailed)("refused by the reader of the stick")
        yield Frame(kind, body)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise SieveFailed("the reader of the stick was stopped")
    return data


def _kinds(of: type[BundleError]) -> Iterator[type[BundleError]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


_REASONS: Final = {kind.code: kind for kind in _kinds(BundleError)}


# --- the child ------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str]) -> int:
    """Read the volume on standard input; 0 when it was passed on whole."""
    most, keys = int(arguments[0]), [VerifyKey(bytes.fromhex(key)) for key in arguments[1:]]
    give_up_rights(os.fstat(0).st_size)
    out = sys.stdout.buffer
    with open(0, "rb", closefd=False) as source:
        try:
            for frame in frames(source, check(source, keys, most)):
                if frame.kind in _KNOWN:
                    out.write(_RECORD.pack(frame.kind, len(frame.body)) + frame.body)
        except (BundleError, OSError) as error:
            code = error.code if isinstance(error, BundleError) else SieveFailed.code
            out.write(_RECORD.pack(_FAILED, len(code)) + code.encode("ascii"))
            out.flush()
            return 1
    out.write(_RECORD.pack(_DONE, 0))
    out.flush()
    return 0


def give_up_rights(size: int) -> None:
    """Leave this process what it needs to read ``size`` bytes and nothing else. What a kernel does not offer is left out."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if os.geteuid() == 0:
        libc.unshare(_NEW_NETWORK)
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    else:
        libc.unshare(_NEW_USER | _NEW_NETWORK)
    seconds = SECONDS + size // 20_000_000
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
