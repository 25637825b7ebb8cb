"""The word to the supervisor: one datagram to systemd's notify socket (``READY=1``, ``WATCHDOG=1``), when there is one."""

from __future__ import annotations

import logging
import os
import socket


def tell_supervisor(word: str) -> None:
    """Send one word; without a supervisor nothing happens, and a lost datagram is only logged."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        try:
            out.sendto(word.encode("ascii"), "\0" + address[1:] if address.startswith("@") else address)
        except OSError as error:
            logging.getLogger(__name__).warning("supervisor not reached: %s", error.strerror)
