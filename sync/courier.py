"""A neighbour's kiosk or a technician's phone carries the bundle over the local network (SYNC design 1.16).

``CourierServer`` is a small page for a phone's browser and the same for another kiosk: it lists the volumes of a
:class:`~sync.depot.Depot`, gives them out and takes others in. What passes is sealed and signed, so plain HTTP on a local network
tells a listener sizes and device numbers, nothing else; the code shown on the screen of the serving machine keeps strangers from
filling the folder, and ten wrong ones close the door until it is served again. Every volume taken in was read to its end and is
answered with a signed receipt.

::

    GET /            the page                       POST /code     form «code», sets the cookie
    GET /list        {"volumes":[{"name","size"}]}  GET /v/NAME    a volume, also from a byte on (Range)
    PUT /v/NAME      a volume; 201 {"receipt"}      other machines send the code as «X-Code»
"""

from __future__ import annotations

import hmac
import html
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from string import Template
from typing import Any, Final
from urllib.parse import parse_qs

from sync.bundle import Checked, Way
from sync.bundle_errors import BundleError, StickFull
from sync.depot import CourierReceipt, Depot, Held, write_courier_receipt
from sync.keys import Signer
from sync.sizes import size_vi
from sync.tcp import unacknowledged

TRIES: Final = 10
"""Wrong codes after which nothing is given out or taken any more."""
CODE_LENGTH: Final = 8
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_SECONDS: Final = 30.0
"""A line on which nothing moves for so long is given up."""
_LOOK: Final = 0.02
"""Seconds between looks whether the last bytes have arrived."""
_LINES: Final = 8
"""Calls served at once."""
_CONNECTIONS: Final = 32
"""Connections held at once, silent ones too; the next is hung up on."""
_PIECE: Final = 256 * 1024
_COOKIE: Final = "mcx-courier"


def make_code() -> str:
    """A code for one serving: 39 bits, read off a screen and typed on a phone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH))


@dataclass(frozen=True, slots=True)
class Courier:
    """Who serves: its number and key for receipts, its clock for people, and what to do with a volume that came."""

    device: int
    signer: Signer
    wall_ms: Callable[[], int]
    came: Callable[[Held], None] = lambda held: None


class CourierServer:
    """Serves a depot from threads of its own between :meth:`start` and :meth:`stop`.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(self, depot: Depot, courier: Courier, code: str, address: tuple[str, int]) -> None:
        self.depot = depot
        self.courier = courier
        self._code = code
        self._wrong = 0
        self._guard = threading.Lock()
        self.taking = threading.Lock()
        """One volume at a time is taken in, so that the bound of the folder holds."""
        self.lines = threading.BoundedSemaphore(_LINES)
        self.cookie = secrets.token_urlsafe(24)
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server(address, handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def closed(self) -> bool:
        """Whether too many wrong codes were tried."""
        return self._wrong >= TRIES

    def admits(self, code: str) -> bool:
        """Whether it is the code; counts wrong ones."""
        with self._guard:
            if self.closed:
                return False
            right = hmac.compare_digest(code.strip().upper().encode("utf-8"), self._code.encode("ascii"))
            self._wrong += not right
            return right

    def take(self, handler: _Handler, size: int, name: str) -> bytes:
        """Take a volume in; its receipt. Raises BundleError."""
        with self.taking:
            held, checked = self.depot.receive(handler.rfile, size, name)
        self.courier.came(held)
        return self._receipt(checked)

    def _receipt(self, checked: Checked) -> bytes:
        courier = self.courier
        said = CourierReceipt(checked.header.ident, checked.digest, courier.device, courier.wall_ms())
        return write_courier_receipt(said, courier.signer)


class _Server(ThreadingHTTPServer):
    """A thread for each connection, and only so many."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: a line that breaks is nobody's fault, and addresses of phones are nobody's business."""


class _Handler(BaseHTTPRequestHandler):
    owner: CourierServer
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: addresses of phones are nobody's business."""

    def do_GET(self) -> None:
        self._serve(self._get)

    def do_POST(self) -> None:
        self._serve(self._post)

    def do_PUT(self) -> None:
        self._serve(self._put)

    def _serve(self, act: Callable[[], None]) -> None:
        if not self.owner.lines.acquire(blocking=False):
            self._json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "busy"}, close=True)
            return
        try:
            act()
        except OSError:
            self.close_connection = True
        finally:
            self.owner.lines.release()

    # --- acts -------------------------------------------------------------------------------------------------------

    def _get(self) -> None:
        if self.path == "/":
            self._page(_listing(self.owner.depot) if self._known() else _ASK)
        elif not self._allowed():
            return
        elif self.path == "/list":
            volumes = [{"name": one.name, "size": one.size} for one in self.owner.depot.held()]
            self._json(HTTPStatus.OK, {"volumes": volumes})
        else:
            held = self.owner.depot.find(self.path.removeprefix("/v/"))
            if held is None:
                self._json(HTTPStatus.NOT_FOUND, {"error": "unknown"})
            else:
                self._give(held)

    def _post(self) -> None:
        size = self._length(1024)
        given = parse_qs(self.rfile.read(size).decode("utf-8", "replace")).get("code", [""])[0]
        if self.path != "/code" or not self.owner.admits(given):
            self._page(_CLOSED if self.owner.closed else _WRONG)
            return
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"{_COOKIE}={self.owner.cookie}; HttpOnly; SameSite=Strict; Path=/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _put(self) -> None:
        if not self._allowed():
            return
        text = self.headers.get("Content-Length", "")
        size = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
        try:
            receipt = self.owner.take(self, size, self.path.removeprefix("/v/"))
        except StickFull as error:
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, error)
        except BundleError as error:
            self._refuse(HTTPStatus.UNPROCESSABLE_ENTITY, error)
        else:
            self._json(HTTPStatus.CREATED, {"receipt": receipt.decode("utf-8")})

    def _give(self, held: Held) -> None:
        match = re.fullmatch(r"bytes=(\d{1,12})-", self.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        if start > held.size:
            self._json(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"error": "range"})
            return
        self.send_response(HTTPStatus.PARTIAL_CONTENT if match else HTTPStatus.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Disposition", f'attachment; filename="{held.name}"')
        self.send_header("Content-Length", str(held.size - start))
        if match:
            self.send_header("Content-Range", f"bytes {start}-{held.size - 1}/{held.size}")
        self.end_headers()
        with held.path.open("rb") as source:
            source.seek(start)
            while piece := source.read(_PIECE):
                self.wfile.write(piece)
        if self._arrived():
            self.owner.depot.fetched(held)

    def _arrived(self) -> bool:
        """Whether the other end acknowledges the last byte: what the kernel took is not there yet, and may never be."""
        moved, before = time.monotonic(), unacknowledged(self.connection)
        while left := unacknowledged(self.connection):
            moved, before = (time.monotonic(), left) if left < before else (moved, before)
            if self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or time.monotonic() - moved > _SECONDS:
                return False
            time.sleep(_LOOK)
        return True

    # --- who --------------------------------------------------------------------------------------------------------

    def _known(self) -> bool:
        jar = self.headers.get("Cookie", "")
        return not self.owner.closed and any(
            hmac.compare_digest(part.strip().encode(), f"{_COOKIE}={self.owner.cookie}".encode()) for part in jar.split(";")
        )

    def _allowed(self) -> bool:
        code = self.headers.get("X-Code")
        if self._known() or (code is not None and self.owner.admits(code)):
            return True
        # What the stranger still sends is not read.
        self._json(HTTPStatus.FORBIDDEN, {"error": "closed" if self.owner.closed else "code"}, close=True)
        return False

    # --- answers ----------------------------------------------------------------------------------------------------

    def _length(self, most: int) -> int:
        text = self.headers.get("Content-Length", "0")
        return min(int(text), most) if text.isascii() and text.isdigit() else 0

    def _refuse(self, status: HTTPStatus, error: BundleError) -> None:
        self._json(status, {"error": error.code, "message": f"{error.message_vi} {error.cure_vi}"}, close=True)

    def _json(self, status: HTTPStatus, facts: Mapping[str, Any], *, close: bool = False) -> None:
        body = json.dumps(facts, ensure_ascii=False).encode("utf-8")
        self.close_connection = self.close_connection or close
        self._answer(status, "application/json", body)

    def _page(self, body: str) -> None:
        nonce = secrets.token_urlsafe(12)
        page = Template(files("sync").joinpath("data/courier.html").read_text(encoding="utf-8"))
        text = page.substitute(nonce=nonce, body=Template(body).safe_substitute(nonce=nonce))
        policy = (
            f"default-src 'none'; connect-src 'self'; form-action 'self'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
        )
        self._answer(HTTPStatus.OK, "text/html; charset=utf-8", text.encode("utf-8"), {"Content-Security-Policy": policy})

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in (more or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


# --- the page -------------------------------------------------------------------------------------------------------

_ASK: Final = """<p>Nhập mã đang hiện trên màn hình máy một cửa.</p>
<form method="post" action="/code"><p><input type="text" name="code" autocomplete="off" autocapitalize="characters" required>
<button>Vào</button></p></form>"""

_WRONG: Final = "<p><strong>Mã không đúng.</strong></p>" + _ASK

_CLOSED: Final = "<p><strong>Đã nhập sai quá nhiều lần.</strong> Nhờ cán bộ mở lại trên máy một cửa để lấy mã mới.</p>"

_UPLOAD: Final = """<h1>Đưa gói vào máy này</h1>
<p><input type="file" id="chosen" accept=".hsb" multiple> <button id="go">Gửi</button></p>
<p><progress id="bar" max="1" value="0" hidden></progress></p><p id="told" role="status"></p>
<script nonce="$nonce">
const told = document.getElementById("told"), bar = document.getElementById("bar");
function send(file) {
  return new Promise(function (done) {
    const line = new XMLHttpRequest();
    line.open("PUT", "/v/" + encodeURIComponent(file.name));
    line.upload.onprogress = function (e) { bar.hidden = false; bar.value = e.loaded / e.total; };
    line.onerror = function () { done(file.name + ": đứt kết nối, gửi lại."); };
    line.onload = function () {
      let fact = {};
      try { fact = JSON.parse(line.responseText); } catch (e) { fact = {}; }
      done(file.name + ": " + (line.status === 201 ? "máy đã nhận đủ." : fact.message || "máy không nhận."));
    };
    line.send(file);
  });
}
document.getElementById("go").onclick = async function () {
  const lines = [];
  for (const file of document.getElementById("chosen").files) lines.push(await send(file));
  told.textContent = lines.join(" ") || "Chưa chọn gói nào.";
  bar.hidden = true;
};
</script>"""


def _listing(depot: Depot) -> str:
    rows = "".join(
        f'<li><a href="/v/{html.escape(one.name)}" download>{_WAY_VI[one.header.way]}, {size_vi(one.size)}</a></li>'
        for one in depot.held()
    )
    listed = f"<ul>{rows}</ul>" if rows else "<p>Chưa có gói nào.</p>"
    return (
        "<p>Các gói đã niêm phong: người mang hộ không xem được bên trong. Tải về, mang đến nơi, rồi đưa lên máy ở đó.</p>"
        + listed
        + _UPLOAD
    )


_WAY_VI: Final = {Way.UP: "Gói gửi lên tỉnh", Way.DOWN: "Gói của tỉnh gửi về xã"}
