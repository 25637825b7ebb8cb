"""A province in memory that a real kiosk is enrolled at and syncs with: the product's engine and intake, the forms' own merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from forms.dossier.merge import Known, Writing, merge
from kiosk.machine import Machine
from kiosk.rotation import take_bundle
from sync.engine import Engine
from sync.enrol import Grant, issue_bundle, make_request, open_request
from sync.envelope import Event, Origin
from sync.intake import ProvinceKeys, handle
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.ports import Confirmed, DeviceRecord, Effect
from sync.rollover import CommuneSecret, ProvincePublic, write_commune, write_province
from sync.simulator.memory import MemoryProvince
from tests.kiosk.machines import make_machine

COMMUNE = "01290"
DEVICE = 7
SERVER_MS = 1_764_551_000_000


class ProvinceTwin:
    """Its keys, its journal, and what its operator does."""

    def __init__(self) -> None:
        self.root = SigningKey(b"r" * 32)
        self.keys = ProvinceKeys(SigningKey(b"s" * 32), SealKey(b"t" * 32))
        self.public = ProvincePublic(SigningKey(b"s" * 32).public, SealKey(b"t" * 32).public)
        self.secrets = [SealKey(b"c" * 32)]
        self.journal = MemoryProvince()
        self.journal.state.communes[COMMUNE] = 1, self.secrets[0].public
        self.journal.commune_letters = self._commune_letter

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        known = {name: Known(one.value, one.rev, one.origin.device if one.origin else None) for name, one in confirmed.items()}
        writing = Writing(origin.device, origin.incarnation, origin.n, event.dossier, event.kind, event.content, event.base)
        return Effect(tuple(merge(known, writing)))

    def grant(self, request: bytes) -> bytes:
        """The bundle for a request two people compared: of a new kiosk, or of one that has its number already."""
        asked = open_request(request)
        known = self.journal.device(DEVICE)
        generation = known.generation + 1 if known is not None else 1
        self.journal.devices[DEVICE] = DeviceRecord(
            DEVICE, COMMUNE, asked.verify_key, asked.seal_key, generation=generation, commune_generation=len(self.secrets)
        )
        given = Grant(DEVICE, COMMUNE, self.secrets[-1].secret, self.public, generation, len(self.secrets))
        return issue_bundle(asked, given, self.root)

    def enrol(self, state: Path) -> Machine:
        """A new kiosk."""
        machine = make_machine(state, enrolled=False)
        request = make_request(machine.keyring.device, COMMUNE, "Lý Văn Mẫu", bytes(16))
        take_bundle(machine, self.grant(request), request)
        machine.close()
        return make_machine(state, enrolled=False)

    def revoke(self) -> None:
        """From now on; what is held stays."""
        ends = {inc: log[-1].n for (_, inc), log in self.journal.state.logs.items()}
        self.journal.devices[DEVICE] = replace(self.journal.devices[DEVICE], valid_to=ends)

    def renew_keys(self) -> None:
        fresh = DeviceKeys.generate()
        before, generation = self.keys, self.keys.generation + 1
        self.public = ProvincePublic(fresh.sign.public, fresh.seal.public, generation)
        self.journal.province_documents.append(write_province(self.public, self.root, before.sign))
        former = {**before.former, before.generation: before.seal}
        self.keys = replace(before, sign=fresh.sign, seal=fresh.seal, generation=generation, former=former)

    def renew_commune_key(self) -> None:
        self.secrets.append(SealKey.generate())
        self.journal.state.communes[COMMUNE] = len(self.secrets), self.secrets[-1].public
        self.journal.devices[DEVICE] = replace(self.journal.devices[DEVICE], commune_generation=len(self.secrets))

    def exchange(self, engine: Engine) -> bool:
        """One round; whether anything moved."""
        request = engine.make_request(0.0, SERVER_MS)
        with self.journal.atomic():
            reply = handle(request, self.journal, self, self.keys, SERVER_MS)
        return engine.on_reply(reply, 0.5).moved

    def settle(self, machine: Machine) -> Engine:
        """Rounds with a freshly started sync process until nothing moves."""
        engine = Engine(machine.store, machine.engine_keys())
        for _ in range(40):
            if not self.exchange(engine):
                return engine
        raise AssertionError("the kiosk and the province did not settle")

    def codes(self) -> list[str]:
        """Provisional codes of the dossiers that arrived, once for each."""
        dossiers = self.journal.state.confirmed.get(COMMUNE, {}).values()
        return sorted(str(fields["code"].value) for fields in dossiers)

    def doubled(self) -> list[bytes]:
        """Events that were stored more than once."""
        return [event for event, times in self.journal.state.events.items() if times > 1]

    def _commune_letter(self, record: DeviceRecord) -> tuple[int, bytes]:
        secret = CommuneSecret(COMMUNE, len(self.secrets), self.secrets[-1].secret)
        return len(self.secrets), write_commune(secret, record.device, record.seal_key, self.keys.sign)
