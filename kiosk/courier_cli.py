"""``python3 main.py sync courier``: this machine as a courier for others, or others as couriers for it, over the local network.

``serve`` shows an address and a one-time code; a phone's browser or another kiosk lists, fetches and gives bundles there. What is
for this machine is taken in at once, what is for others is held until the province's receipt for it comes by. ``fetch`` and
``send`` are the same from the other side.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kiosk.answers import answer, say
from kiosk.machine import Machine, add_machine_arguments
from kiosk.progress import Bar
from kiosk.stick import Imported, attachments_of, export_to, import_from
from kiosk.store.connection import DatabaseError, StoreError
from sync import usb
from sync.bundle import Way, province_tag
from sync.bundle_errors import BundleDamaged, BundleForged, CourierRefused, StickFull
from sync.courier import Courier, CourierServer, make_code
from sync.courier_client import CourierClient
from sync.depot import Depot, Held
from sync.errors import Offline, Refused, StaleBundle, SyncError, TimedOut
from sync.file_trouble import why_vi
from sync.rollover import signing_keys
from sync.segment import commune_tag
from sync.sizes import size_vi

log = logging.getLogger(__name__)

MB = 1024 * 1024
_OFFERED = "courier_offered"
_NEVER = (StaleBundle, BundleForged, BundleDamaged, Refused)
"""What no later moment makes better; kinds of them may be (a later version of the format)."""
ANY = "0.0.0.0"
"""Every address of the machine."""
VOLUME_MB = 64
"""Largest volume offered to a courier: a phone must be able to fetch it in one go."""


def courier_command(argv: Sequence[str]) -> int:
    """Run ``sync courier …``; the exit code."""
    parser = argparse.ArgumentParser(prog="main.py sync courier", description="Chuyển hộ gói dữ liệu qua mạng nội bộ.")
    acts = parser.add_subparsers(dest="act", required=True)
    common = argparse.ArgumentParser(add_help=False)
    add_machine_arguments(common)
    common.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    serve = acts.add_parser("serve", parents=[common], help="mở trang nhận và đưa gói, hiện mã một lần")
    serve.add_argument("--host", default=ANY, help="địa chỉ nghe (mặc định mọi địa chỉ của máy)")
    acts.add_parser("list", parents=[common], help="các gói máy đang giữ hộ")
    acts.add_parser("clear", parents=[common], help="bỏ các gói đang giữ hộ (nơi gửi vẫn còn đủ)")
    for name, text in (("fetch", "lấy mọi gói từ máy đang mở trang"), ("send", "đưa mọi gói cho máy đang mở trang")):
        act = acts.add_parser(name, parents=[common], help=text)
        act.add_argument("url", help="địa chỉ hiện trên máy kia")
        act.add_argument("--code", required=True, help="mã một lần hiện trên máy kia")
    given = parser.parse_args(argv)
    return answer(given, _ACTS[given.act])


def depot_of(machine: Machine) -> Depot:
    """The folder of bundles this machine holds for others, and of its own that wait for a courier."""
    return Depot(machine.config.state / "courier", int(machine.config["sync.courier_mb"]) * MB, lambda: _province_keys(machine))


def _province_keys(machine: Machine) -> list[bytes]:
    """Keys whose receipts count: the present one, and those before it, for what was on its way when they changed."""
    enrolment = machine.enrolment
    if enrolment is None:
        return []
    return [*signing_keys(machine.store.keys_documents()), enrolment.province.verify_key]


def offer_own(machine: Machine, depot: Depot) -> None:
    """Put what this machine has to give beside what it holds, in place of its volumes before. Nothing new, no new one."""
    folder = machine.config.state / "courier-own"
    folder.mkdir(mode=0o700, exist_ok=True)
    now = _standing(machine)
    if machine.store.meta(_OFFERED) != now or not usb.volumes(folder):
        with suppress(StickFull):  # what fitted is offered
            most = min(depot.room(), int(machine.config["sync.courier_mb"]) * MB // 2)
            export_to(machine, folder, most=most, volume_mb=VOLUME_MB)
            with machine.store.transaction():
                machine.store.set_meta(_OFFERED, now)
    own = usb.volumes(folder)
    offered = {depot.offer(path).header.ident for path in own}
    for held in depot.held():
        if _is_own(machine, held) and held.header.ident not in offered:
            depot.remove(held)


def _standing(machine: Machine) -> str:
    """What a volume of this moment would tell: ends of the logs, place in the feed, what the province lacks of the files, keys."""
    store = machine.store
    logs = [(inc, store.last(inc)[0], store.acked(inc)) for inc in store.incarnations()]
    files = sorted((task.id, task.have.encode().hex()) for task in attachments_of(machine).stick_tasks())
    facts = (logs, store.epoch(), store.feed_position()[0], files, machine.keyring.rotation.hex())
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _is_own(machine: Machine, held: Held) -> bool:
    own = machine.store.enrolled
    return own is not None and held.header.way is Way.UP and held.header.owner == own.device


def take_own(machine: Machine, depot: Depot) -> list[Imported]:
    """Take in what is held of the province's answers for this commune; it is then not held any longer. What cannot be taken in yet
    waits here: one that came before those it follows, one whose reader was stopped."""
    waiting = [held for held in depot.held() if _is_for(machine, held)]
    found: list[Imported] = []
    while waiting:
        later: list[tuple[Held, list[Imported]]] = []
        for held in waiting:
            taken = import_from(machine, held.path)
            if all(one.error is None or type(one.error) in _NEVER for one in taken):
                depot.remove(held)
                found += taken
            else:
                later.append((held, taken))
        if len(later) == len(waiting):
            return found + [one for _, taken in later for one in taken]
        waiting = [held for held, _ in later]
    return found


def _is_for(machine: Machine, held: Held) -> bool:
    """Whether it is an answer of our province to our commune."""
    commune, enrolment = machine.store.identity_or_raise().commune, machine.enrolment
    ours = enrolment is not None and held.header.province == province_tag(enrolment.root)
    return ours and held.header.way is Way.DOWN and held.header.owner == commune_tag(commune)


def _serve(machine: Machine, given: argparse.Namespace) -> int:
    identity = machine.store.identity_or_raise()
    depot = depot_of(machine)
    offer_own(machine, depot)
    guard = threading.Lock()

    def came(_: Held) -> None:
        with guard:
            try:
                take_own(machine, depot)
            except (StoreError, DatabaseError) as error:
                # It is held, whole; the next one that comes, or the next serving, takes it in.
                log.warning("not taken in yet: %s", error)

    take_own(machine, depot)

    code = make_code()
    courier = Courier(identity.device, machine.keyring.device.sign, machine.store.clock.wall_ms, came)
    try:
        server = CourierServer(depot, courier, code, (given.host, int(machine.config["sync.courier_port"])))
    except OSError as error:
        raise StoreError(
            "port_taken",
            f"Không mở được trang ở cổng này. {why_vi(error)}",
            "Đổi «sync.courier_port», hoặc dừng chương trình kia.",
        ) from None
    addresses = [f"http://{address}:{server.port}" for address in own_addresses(given.host)]
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    server.start()
    text = f"Mở trên điện thoại: {' hoặc '.join(addresses)}\nMã một lần: {code}\nDừng: Ctrl+C."
    say(given.json, {"ok": True, "addresses": addresses, "code": code}, text)
    sys.stdout.flush()
    over.wait()
    server.stop()
    return 0


def own_addresses(host: str = ANY) -> list[str]:
    """Addresses at which others on the local network reach this machine: the one it listens at, else that of the way out, or the
    loopback without one."""
    if host != ANY:
        return [host]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: nothing is sent, the kernel only chooses the way
        except OSError:
            return ["127.0.0.1"]
        return [str(probe.getsockname()[0])]


@contextmanager
def _client(given: argparse.Namespace) -> Iterator[CourierClient]:
    """The machine that serves. Raises StoreError ``courier_away`` when it cannot be reached or the line to it ends."""
    client = CourierClient(given.url, given.code)
    try:
        yield client
    except (Offline, TimedOut):
        raise StoreError(
            "courier_away",
            "Không nối được với máy đang mở trang, hoặc bị đứt giữa chừng.",
            "Xem lại địa chỉ; hai máy phải chung mạng, máy kia còn mở trang. Rồi chạy lại: gói đã đi hết không phải đưa lại.",
        ) from None
    finally:
        client.close()


def _list(machine: Machine, given: argparse.Namespace) -> int:
    held = [one for one in depot_of(machine).held() if not _is_own(machine, one)]
    facts: dict[str, Any] = {"ok": True, "volumes": [{"name": one.name, "size": one.size} for one in held]}
    say(given.json, facts, "\n".join(f"{one.name}  {size_vi(one.size)}" for one in held) or "Không giữ gói nào.")
    return 0


def _clear(machine: Machine, given: argparse.Namespace) -> int:
    """Those who gave them still have all of it, so nothing is lost but the way."""
    depot = depot_of(machine)
    held = [one for one in depot.held() if not _is_own(machine, one)]
    for one in held:
        depot.remove(one)
    say(given.json, {"ok": True, "removed": len(held)}, f"Đã bỏ {len(held)} gói giữ hộ.")
    return 0


def _fetch(machine: Machine, given: argparse.Namespace) -> int:
    depot = depot_of(machine)
    with _client(given) as client:
        sizes = {name: size for name, size in client.listed().items() if depot.find(name) is None}
        with Bar("Đang lấy", sum(sizes.values()), quiet=given.json) as bar:
            came = client.fetch(depot, bar.add)
    taken = take_own(machine, depot)
    applied = sum(one.brought.applied for one in taken if one.brought is not None)
    facts = {"ok": all(one.error is None for one in taken), "fetched": len(came), "own": len(taken), "applied": applied}
    text = f"Đã lấy {len(came)} gói; {len(taken)} gói cho máy này, {applied} thay đổi mới."
    say(given.json, facts, "\n".join([text, *(f"{one.error.message_vi} {one.error.cure_vi}" for one in taken if one.error)]))
    return 0 if facts["ok"] else 1


def _send(machine: Machine, given: argparse.Namespace) -> int:
    depot = depot_of(machine)
    offer_own(machine, depot)
    device, held = machine.store.identity_or_raise().device, depot.held()
    refused: list[SyncError] = []
    sent = 0
    with _client(given) as client:
        there = client.listed()
        with Bar("Đang đưa", sum(one.size for one in held if one.name not in there), quiet=given.json) as bar:
            for one in held:
                if one.name in there:
                    continue
                try:
                    client.send(one.path, bar.add)
                except (StickFull, CourierRefused) as error:
                    refused.append(error)
                    continue
                sent += 1
                if one.header.owner != device:  # whose it is has it still; the next courier answers for it now
                    depot.remove(one)
    facts = {"ok": not refused, "sent": sent, "refused": [error.code for error in refused]}
    say(given.json, facts, f"Đã đưa {sent} gói, máy kia đã nhận đủ." + (f" {refused[0].message_vi}" if refused else ""))
    return 1 if refused else 0


_ACTS = {"serve": _serve, "list": _list, "clear": _clear, "fetch": _fetch, "send": _send}
