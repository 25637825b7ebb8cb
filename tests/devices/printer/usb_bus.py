"""A USB bus with one printer on it, as a backend of pyusb: bulk transfers go to the printer twin, short writes and a pulled cable
included.

It stands below pyusb, so python-escpos' connector, pyusb and our line run as they are.
"""

from __future__ import annotations

import errno
import select
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import usb.core
from usb.backend import IBackend

from devices.printer.twin import PrinterTwin

VENDOR, PRODUCT = 0x04B8, 0x0E15
OUT, IN = 0x03, 0x84
MOST = 1000
"""Bytes the device takes in one transfer: less than is offered, as real ones do when their buffer fills."""


class Bus(IBackend):
    """The bus. ``plugged`` may be taken away at any moment; the end points are not where python-escpos assumes them."""

    def __init__(self, twin: PrinterTwin) -> None:
        super().__init__()
        self.twin = twin
        self.plugged = True
        self.unplug_after: int | None = None
        self.transfers = 0
        self._line: socket.socket | None = None

    def enumerate_devices(self) -> Iterator[str]:
        return iter(["printer"] if self.plugged else [])

    def get_device_descriptor(self, dev: str) -> Any:
        return SimpleNamespace(
            bLength=18, bDescriptorType=1, bcdUSB=0x200, bDeviceClass=0, bDeviceSubClass=0, bDeviceProtocol=0, bMaxPacketSize0=64,
            idVendor=VENDOR, idProduct=PRODUCT, bcdDevice=0x100, iManufacturer=0, iProduct=0, iSerialNumber=0, bNumConfigurations=1,
            address=5, bus=1, port_number=1, port_numbers=(1,), speed=3,
        )  # fmt: skip

    def get_configuration_descriptor(self, dev: str, config: int) -> Any:
        return SimpleNamespace(
            bLength=9, bDescriptorType=2, wTotalLength=32, bNumInterfaces=1, bConfigurationValue=1, iConfiguration=0,
            bmAttributes=0xC0, bMaxPower=1, extra_descriptors=[],
        )  # fmt: skip

    def get_interface_descriptor(self, dev: str, intf: int, alt: int, config: int) -> Any:
        if intf or alt:
            raise IndexError
        return SimpleNamespace(
            bLength=9, bDescriptorType=4, bInterfaceNumber=0, bAlternateSetting=0, bNumEndpoints=2, bInterfaceClass=7,
            bInterfaceSubClass=1, bInterfaceProtocol=2, iInterface=0, extra_descriptors=[],
        )  # fmt: skip

    def get_endpoint_descriptor(self, dev: str, ep: int, intf: int, alt: int, config: int) -> Any:
        return SimpleNamespace(
            bLength=7, bDescriptorType=5, bEndpointAddress=(OUT, IN)[ep], bmAttributes=2, wMaxPacketSize=64, bInterval=0,
            bRefresh=0, bSynchAddress=0, extra_descriptors=[],
        )  # fmt: skip

    def open_device(self, dev: str) -> str:
        self._check()
        self._line = socket.create_connection(("127.0.0.1", self.twin.port))
        return "handle"

    def close_device(self, dev_handle: str) -> None:
        if self._line:
            self._line.close()
        self._line = None

    def set_configuration(self, dev_handle: str, config_value: int) -> None:
        self._check()

    def get_configuration(self, dev_handle: str) -> int:
        return 1

    def claim_interface(self, dev_handle: str, intf: int) -> None:
        self._check()

    def release_interface(self, dev_handle: str, intf: int) -> None:
        pass

    def reset_device(self, dev_handle: str) -> None:
        self._check()

    def bulk_write(self, dev_handle: str, ep: int, intf: int, data: Any, timeout: int) -> int:
        self._check()
        assert ep == OUT
        assert timeout > 0, "a transfer without a time-out would hang on a full printer"
        assert self._line
        chunk = bytes(data)[:MOST]
        self._line.sendall(chunk)
        self.transfers += 1
        if self.unplug_after is not None and self.transfers >= self.unplug_after:
            self.plugged = False
            self._line.close()
        return len(chunk)

    def bulk_read(self, dev_handle: str, ep: int, intf: int, buff: Any, timeout: int) -> int:
        self._check()
        assert ep == IN
        assert self._line
        if not select.select([self._line], [], [], timeout / 1000)[0]:
            raise usb.core.USBTimeoutError("timeout", errno=errno.ETIMEDOUT)
        data = self._line.recv(len(buff))
        buff[: len(data)] = type(buff)("B", data)
        return len(data)

    def _check(self) -> None:
        if not self.plugged:
            raise usb.core.USBError("No such device", errno=errno.ENODEV)
