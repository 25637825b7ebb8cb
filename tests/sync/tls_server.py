"""A TLS server with a certificate made on the spot, of any dates, and a proxy that does CONNECT: real sockets on loopback."""

from __future__ import annotations

import base64
import ipaddress
import itertools
import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sync.tls import pin_of


class Certificate:
    """A self-signed certificate for a name, valid between two years."""

    def __init__(self, folder: Path, name: str = "127.0.0.1", years: tuple[int, int] = (2020, 2090)) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tinh.example")])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(years[0], 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(years[1], 1, 1, tzinfo=UTC))
            .add_extension(x509.SubjectAlternativeName([_name(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.pin = pin_of(made.public_bytes(Encoding.DER))
        self.file = folder / f"{self.pin.hex()[:8]}.pem"
        self.file.write_bytes(made.public_bytes(Encoding.PEM))
        self.key = folder / f"{self.pin.hex()[:8]}.key"
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class _Server:
    """One thread per connection; ``with`` it."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                held, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._quietly, args=(held,), daemon=True).start()

    def _quietly(self, held: socket.socket) -> None:
        with suppress(OSError), held:
            self.serve(held)

    def serve(self, held: socket.socket) -> None:
        raise NotImplementedError


class Gate(_Server):
    """A line before a plain server's port that ends its first ``ended`` connections, but for one it lets through a moment later."""

    def __init__(self, behind: int, ended: int, through: int) -> None:
        super().__init__()
        self._behind = behind
        self._ended = ended
        self._through = through
        self._numbers = itertools.count(1)
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, held: socket.socket) -> None:
        number = next(self._numbers)
        if number <= self._ended and number != self._through:
            return
        if number == self._through:
            time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", self._behind)) as out:
            pump(held, out)


class TlsFront(_Server):
    """TLS in front of a plain server's port."""

    def __init__(self, certificate: Certificate, behind: int) -> None:
        super().__init__()
        self._behind = behind
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.file, certificate.key)
        self.url = f"https://127.0.0.1:{self.port}"

    def serve(self, held: socket.socket) -> None:
        with (
            self._context.wrap_socket(held, server_side=True) as inner,
            socket.create_connection(("127.0.0.1", self._behind)) as out,
        ):
            pump(inner, out)


class ConnectProxy(_Server):
    """A proxy that asks for a login when it is given one, and notes the first line of each request."""

    def __init__(self, login: str = "") -> None:
        super().__init__()
        self._login = base64.b64encode(login.encode()).decode() if login else ""
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, held: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += held.recv(1)
        self.asked.append(head.split(b"\r\n")[0].decode())
        if self._login and f"Proxy-Authorization: Basic {self._login}".encode() not in head:
            held.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = head.split(b" ")[1].decode().split(":")
        with socket.create_connection((host, int(port))) as out:
            held.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            pump(held, out)


def pump(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join()
