"""One kiosk, opened: configuration, keys, store, enrolment and office facts, put together once per process.

The screen, the sync process and the technician's commands all start here, so they agree on paths, keys and who this machine is.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from pathlib import Path

from forms.deadlines.calendar import WorkingCalendar
from forms.deadlines.deadline import OfficeHours
from forms.people.places import commune
from kiosk.clock import Clock
from kiosk.config import Config, load
from kiosk.store.connection import StoreError
from kiosk.store.journal import Identity
from kiosk.store.keyring import KeyFile, KeyInForce, Keyring, machine_wrap, open_keyring, stamp
from kiosk.store.reserve import Reserve
from kiosk.store.store import Store
from sync.engine import EngineKeys
from sync.enrol import Enrolment, number_in, open_bundle
from sync.errors import EnrolError
from sync.file_trouble import why_vi
from sync.rollover import Trust, take_all

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Office:
    """The commune's office as printed on papers."""

    commune: str
    committee_vi: str
    """«Ủy ban nhân dân xã …»"""
    place_vi: str
    """«xã Bảo Lâm», as on «Làm tại …»."""
    centre_vi: str
    province_vi: str
    address: str
    hotline: str


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything a process of the kiosk needs; ``enrolment`` is ``None`` until the province has enrolled it."""

    config: Config
    keyring: Keyring
    store: Store
    enrolment: Enrolment | None
    office: Office
    calendar: WorkingCalendar
    hours: OfficeHours
    version: str = VERSION

    @property
    def trust(self) -> Trust | None:
        """The enrolment and every key letter taken since, whichever process took it."""
        if self.enrolment is None:
            return None
        return take_all(self.enrolment.trust(), self.store.keys_documents(), self.keyring.openers)

    @property
    def former(self) -> int:
        """The device number whose journal this machine holds; 0 when it was never enrolled."""
        return former_number(self.store)

    def engine_keys(self) -> EngineKeys:
        """The keys this machine syncs with.

        Raises:
            StoreError: ``not_enrolled``.
        """
        if self.enrolment is None:
            self.store.identity_or_raise()
            raise AssertionError("unreachable: a machine without enrolment has no identity")
        ring = self.keyring
        keys = self.enrolment.engine_keys(ring.device, ring.openers[1:])
        return replace(keys, rotations=ring.rotations, untold=ring.untold)

    def official_names(self) -> Mapping[str, str]:
        """Names of officials by the id that stands in events."""
        return {row["id"]: row["name"] for row in self.store.rows("SELECT id, name FROM official")}

    def close(self) -> None:
        self.store.close()


def key_file(config: Config) -> KeyFile:
    """Where this machine keeps its secrets. Raises StoreError: ``key_locked``."""
    return KeyFile(_key_path(config), machine_wrap(str(config["store.key_wrap"])))


def _key_path(config: Config) -> Path:
    return config.state / "keys" / "kiosk.key"


def open_machine(config: Config, clock: Clock | None = None) -> Machine:
    """Open the kiosk of a state folder, making what is missing at the first start.

    Raises:
        StoreError: ``state_unusable``; the store or its key cannot be used.
    """
    try:
        config.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("state_unusable", f"Không dùng được thư mục trạng thái. {why_vi(error)}", "Xem lại --state.") from None
    path = config.path("store.file")
    keys = key_file(config)
    seen = stamp(keys.path)
    keyring = open_keyring(keys, store_exists=path.exists())
    reserve = Reserve(path.with_name("reserve.bin"), int(config["store.reserve_mb"]), int(config["store.least_free_mb"]))
    store = Store(path, keyring.store, clock=clock or Clock(), ledger=config.path("store.ledger"), reserve=reserve)
    enrolment = read_enrolment(store, keyring)
    if enrolment is not None:
        identity = Identity(enrolment.device, enrolment.commune, keyring.device.sign)
        store.set_identity(identity, KeyInForce(keys.path, keyring.device.sign, seen))
        remember_key(store, keyring.device.sign.public)
    office = _office(config, enrolment)
    return Machine(config, keyring, store, enrolment, office, WorkingCalendar.load(), _hours(config))


def read_enrolment(store: Store, keyring: Keyring) -> Enrolment | None:
    """The enrolment kept in the store, checked anew.

    ``None`` also when it was sealed to keys this machine does not have (a store restored to another machine): the machine then
    asks for its number again (:func:`former_number`).
    """
    bundle, request = store.meta("enrol_bundle"), store.meta("enrol_request")
    if bundle is None or request is None:
        return None
    try:
        return open_bundle(bytes(bundle), keyring.openers, bytes(request))
    except EnrolError:
        number_in(bytes(bundle), bytes(request))
        return None


def former_number(store: Store) -> int:
    """The device number whose journal this store holds; 0 when it was never enrolled."""
    bundle, request = store.meta("enrol_bundle"), store.meta("enrol_request")
    return 0 if bundle is None or request is None else number_in(bytes(bundle), bytes(request))


def remember_key(store: Store, public: bytes) -> None:
    """Keep a signing key's public half with the journal, if it is not there yet."""
    if public not in store.verify_keys():
        with store.transaction():
            store.remember_key(public)


def _office(config: Config, enrolment: Enrolment | None) -> Office:
    code = enrolment.commune if enrolment is not None else str(config["place.commune"])
    place = commune(code) if code else None
    return Office(
        commune=code,
        committee_vi=f"Ủy ban nhân dân {place.title_vi}" if place else "Máy chưa ghi danh",
        place_vi=place.title_vi if place else "",
        centre_vi=str(config["place.centre"]),
        province_vi="Tỉnh Cao Bằng",
        address=str(config["place.address"]),
        hotline=str(config["place.hotline"]),
    )


def _hours(config: Config) -> OfficeHours:
    def session(text: str) -> tuple[time, time]:
        opens, closes = text.split("-")
        return time.fromisoformat(opens), time.fromisoformat(closes)

    return OfficeHours((session(str(config["hours.morning"])), session(str(config["hours.afternoon"]))))


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """Options every kiosk command has: the state folder, the configuration file, and overrides for one run."""
    parser.add_argument("--state", type=Path, default=default_state(), metavar="THƯ MỤC", help="thư mục trạng thái của máy")
    parser.add_argument("--config", type=Path, metavar="TỆP", help="tệp cấu hình TOML; mặc định kiosk.toml trong thư mục đó")
    parser.add_argument("--set", action="append", default=[], metavar="MỤC.KHÓA=GIÁ TRỊ", help="ghi đè một khóa cho lần chạy này")


def open_existing(config: Config) -> Machine:
    """Open the kiosk of a state folder where one was set up before; where none was, nothing is made.

    Raises:
        StoreError: ``state_missing``; as :func:`open_machine`.
    """
    require_state(config)
    return open_machine(config)


def require_state(config: Config) -> None:
    """Raises StoreError ``state_missing`` when there is neither store, key nor ledger: most likely a wrong folder."""
    if not any(path.exists() for path in (config.path("store.file"), _key_path(config), config.path("store.ledger"))):
        raise StoreError(
            "state_missing", "Thư mục trạng thái này chưa có máy nào.", "Xem lại --state; máy mới thì chạy «sync enrol» trước."
        )


def config_from(given: argparse.Namespace) -> Config:
    """Read the configuration named by :func:`add_machine_arguments`. Raises ConfigError."""
    return load(given.state, given.config, given.set)


def default_state() -> Path:
    """``$STATE_DIRECTORY`` (systemd), else the user's own state folder."""
    given = os.environ.get("STATE_DIRECTORY")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME")
    return Path(base if base else Path.home() / ".local" / "state") / "mot-cua-xa"
