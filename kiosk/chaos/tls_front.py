"""A TLS front before the province on loopback, with a key of its own making and a certificate that is valid for one day long past.

A kiosk that pins the key must get through it whatever its own clock says; nobody else would.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from kiosk.demo.line import relayed

_VALID_ON = datetime(2020, 1, 1, tzinfo=UTC)


class TlsFront:
    """Listens on loopback, speaks TLS, passes on to ``target``. ``pin`` is the SHA-256 of its public key in hex."""

    def __init__(self, folder: Path, target: tuple[str, int]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.pin = hashlib.sha256(spki).hexdigest()
        file = folder / "front.pem"
        pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(pkcs8 + _certificate(key).public_bytes(Encoding.PEM))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(file)
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, name="tls-front", daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(client, server_side=True) as near:
            self._pass_on(near)

    def _pass_on(self, near: socket.socket) -> None:
        with socket.create_connection(self._target, timeout=10) as far:
            for sink, data in relayed(near, far):
                sink.sendall(data)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tinh.example")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_ON)
        .not_valid_after(_VALID_ON + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
