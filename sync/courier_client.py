"""The other end of ``sync.courier`` between two kiosks: fetch what a courier holds, or give it what should be carried.

A transfer that breaks goes on where it stopped: what came is kept under a temporary name and the rest is asked for from there. Only
a volume that was read whole counts, whatever the other side says of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import requests
import urllib3

from sync.bundle import MAX_VOLUME, SUFFIX, intact
from sync.bundle_errors import BundleTooLarge, CourierRefused, StickFull
from sync.depot import CourierReceipt, Depot, Held, read_courier_receipt
from sync.errors import Offline, TimedOut
from sync.usb import named

_WAITS: Final = (8.0, 30.0)
_PIECE: Final = 64 * 1024
_LIST_MOST: Final = 1024 * 1024

Progress = Callable[[int], None]


class CourierClient:
    """Talks to one courier. ``code`` is the one on its screen."""

    def __init__(self, url: str, code: str, *, waits: tuple[float, float] = _WAITS) -> None:
        self._url = url.rstrip("/")
        self._waits = waits
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"X-Code": code})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        self._session.close()

    def listed(self) -> dict[str, int]:
        """Name -> bytes of what the courier holds.

        Raises:
            CourierRefused: a wrong code.
            Offline, TimedOut: no line to it.
        """
        with self._call("GET", "/list") as answer:
            body = answer.raw.read(_LIST_MOST, decode_content=False)
        facts = _facts(body)
        volumes = facts.get("volumes")
        if answer.status_code != 200 or not isinstance(volumes, list):
            raise CourierRefused(str(facts.get("error", "malformed")))
        return {one["name"]: one["size"] for one in volumes if _is_volume(one)}

    def fetch(self, depot: Depot, progress: Progress = lambda size: None) -> list[Held]:
        """Take every volume the courier holds and the depot does not.

        Raises:
            StickFull: no room in the depot.
            BundleDamaged: what came is no whole volume; the next try begins anew.
            CourierRefused, Offline, TimedOut: the transfer ended; what came of it is kept for the next try.
        """
        return [
            self._fetch_one(depot, name, size, progress) for name, size in sorted(self.listed().items()) if depot.find(name) is None
        ]

    def _fetch_one(self, depot: Depot, name: str, size: int, progress: Progress) -> Held:
        part = depot.part(name)
        held = part.stat().st_size if part.exists() else 0
        if not depot.has_room(size - held, part):
            raise StickFull("the depot has no room")
        if held < size:
            self._rest(part, name, held, size, progress)
        return depot.adopt(part)[0]

    def _rest(self, part: Path, name: str, held: int, size: int, progress: Progress) -> None:
        with self._call("GET", f"/v/{quote(name)}", {"Range": f"bytes={held}-"}) as answer:
            if answer.status_code not in (200, 206):
                raise CourierRefused(f"status {answer.status_code}")
            at = held if answer.status_code == 206 else 0
            with named(), part.open("r+b" if part.exists() else "wb") as out, _line():
                out.seek(at)
                out.truncate()
                while piece := answer.raw.read(_PIECE, decode_content=False):
                    at += len(piece)
                    if at > size:
                        raise BundleTooLarge("more bytes than announced")
                    out.write(piece)
                    progress(len(piece))
        if at < size:
            raise Offline("the transfer ended early")

    def send(self, path: Path, progress: Progress = lambda size: None) -> CourierReceipt:
        """Give the courier a volume; its receipt, which names this very volume.

        Raises:
            CourierRefused: it does not take it (``reason``), or its receipt is for something else.
            BundleDamaged: the file is no whole volume.
            Offline, TimedOut: no line to it.
        """
        with named(), path.open("rb") as source:
            checked = intact(source)
            source.seek(0)
            with self._call("PUT", f"/v/{quote(path.name)}", data=_Counted(source, checked.size, progress)) as answer:
                facts = _facts(answer.raw.read(_LIST_MOST, decode_content=False))
        if answer.status_code != 201:
            raise CourierRefused(str(facts.get("error", f"status {answer.status_code}")))
        receipt = read_courier_receipt(str(facts.get("receipt", "")).encode("utf-8"))
        if (receipt.volume, receipt.digest) != (checked.header.ident, checked.digest):
            raise CourierRefused("receipt_of_another_volume")
        return receipt

    def _call(self, method: str, path: str, headers: Mapping[str, str] | None = None, data: Any = None) -> requests.Response:
        with _line():
            return self._session.request(
                method, self._url + path, headers=headers, data=data, timeout=self._waits, allow_redirects=False, stream=True
            )


class _Counted:
    """A file of a known size, handed out in pieces and counted."""

    def __init__(self, source: BinaryIO, size: int, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._source.read(_PIECE):
            self._progress(len(piece))
            yield piece


@contextmanager
def _line() -> Iterator[None]:
    """Failures of the line by our names."""
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise TimedOut(type(error).__name__) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise Offline(type(error).__name__) from None


def _facts(body: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        facts = json.loads(body)
        if isinstance(facts, dict):
            return facts
    return {}


def _is_volume(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and one["name"].endswith(SUFFIX)
        and isinstance(one.get("size"), int)
        and 0 < one["size"] <= MAX_VOLUME
    )
