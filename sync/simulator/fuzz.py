"""Messages nobody would write: valid ones of every kind, altered, cut, spliced, and then read by whoever reads them in the product.

Half of them meet readers that verify (:data:`FAST_FORGE`): an altered message must be refused there. The other half meet readers
for whom every signature and every seal is right (:data:`BLIND_FORGE`), and volumes and letters are altered inside and summed anew,
as if the sender had all keys and had gone mad. Each ends in a named error or in a reading after which the journals still keep their
rules; anything else is a defect. Time is measured per message, memory by the process's peak.
"""

from __future__ import annotations

import io
import random
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sync import enrol, letter, rollover, wire
from sync import segment as hsg
from sync.blob.ranges import Ranges
from sync.blob.wire import TICKET, Answer, Held, read_answer, read_ticket
from sync.bundle import VolumeWriter, check, frames
from sync.bundle_errors import BundleDamaged, BundleForged
from sync.custody import Custody
from sync.custody import read as read_custody
from sync.custody import write as write_custody
from sync.envelope import ZERO_HEAD, chain, decode, encode
from sync.errors import BadFrame, BadLetter, BadSignature, BlobProtocol, NotOurProtocol, SyncError
from sync.feed import decode_entry, encode_entry, fields_entry, read_mark
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.simulator import attachments, line, sticks
from sync.simulator.altering import mutate, strange_facts
from sync.simulator.authority import BLIND_FORGE, FAST_FORGE, Forge
from sync.simulator.meaning import Tiny
from sync.simulator.memory import Facts
from sync.simulator.scene import Scene, Setup
from sync.simulator.tally import Defect, Tally
from sync.snapshot import read as read_snapshot_line

SLOW_S: Final = 1.0
"""CPU seconds no message may take."""
GROWTH_MIB: Final = 96
"""What the process may grow by, however many messages."""
OUTER: Final = frozenset(
    error.code for error in (NotOurProtocol, BadFrame, BadSignature, BadLetter, BlobProtocol, BundleDamaged, BundleForged)
) | {
    "malformed",
    "protocol_unsupported",
    "bundle_later_version",
    "bad_signature",
    "bundle_too_large",
    "segment_invalid",
    "segment_too_large",
}
"""Codes of what did not get past the outer parse."""

Alter = Callable[[random.Random, bytes], bytes]
Read = Callable[[bytes], str]
"""Reads a message; returns "" when it was taken, else the code it was refused with. Raises SyncError for a refusal, too."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that reads messages, and valid ones for it. ``exact``: an altered one can never be taken."""

    name: str
    samples: Sequence[bytes]
    read: Read
    exact: bool = False
    alter: Alter | None = None
    """How to alter one; ``None``: anywhere."""


def fuzz(messages: int, seed: int = 0) -> Tally:
    """Alter so many messages and have them read.

    Raises:
        Defect: one ended neither in a named error nor in a correct reading, took too long, or the process grew.
    """
    rng, tally = random.Random(f"fuzz {seed}"), Tally()
    targets = [target for forge in (FAST_FORGE, BLIND_FORGE) for target in _targets(forge, rng)]
    for target in targets:
        for sample in target.samples:
            if _read(target, sample, tally):
                raise _defect(target.name, sample, "a valid message is refused")
    before = _peak_mib()
    for number in range(messages):
        target = targets[number % len(targets)]
        sample = rng.choice(target.samples)
        message = target.alter(rng, sample) if target.alter is not None else mutate(rng, sample, target.samples)
        refused = _read(target, message, tally)
        if target.exact and not refused and message not in target.samples:
            raise _defect(target.name, message, "an altered message was taken")
        tally.messages += 1
        tally.past_the_outer_parse += refused not in OUTER
        tally.outcomes[f"{target.name}: {refused or 'taken'}"] += 1
    tally.grown_mib = _peak_mib() - before
    if tally.grown_mib > GROWTH_MIB:
        raise _defect("all", b"", f"the process grew by {tally.grown_mib:.0f} MiB")
    return tally


def _read(target: Target, message: bytes, tally: Tally) -> str:
    began = time.process_time()
    try:
        refused = target.read(message)
    except SyncError as error:
        refused = error.code
    except Exception as error:
        raise _defect(target.name, message, f"{type(error).__name__}: {error}") from error
    took = time.process_time() - began
    tally.slowest_s = max(tally.slowest_s, took)
    if took > SLOW_S:
        raise _defect(target.name, message, f"took {took:.2f} s")
    return refused


def _defect(target: str, message: bytes, what: str) -> Defect:
    return Defect(f"{target}: {what}: {message[:2000].hex()}")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- who reads --------------------------------------------------------------------------------------------------------


def _targets(forge: Forge, rng: random.Random) -> Sequence[Target]:
    """Everything that reads bytes of others, over a small world that works with these keys."""
    bench = _Bench(forge, rng.randrange(1 << 30))
    exact = forge is FAST_FORGE
    given = (
        Target("request", bench.requests, bench.read_request, exact),
        Target("reply", bench.replies, bench.read_reply, exact),
        Target("segment", bench.segments, bench.read_segment, exact),
        Target("stick to the province", bench.sticks_up, bench.read_stick_up, exact),
        Target("stick to a kiosk", bench.sticks_down, bench.read_stick_down, exact),
        Target("key letter", bench.letters, bench.read_letter, exact),
        Target("enrolment file", bench.enrolment, bench.read_enrolment),
        Target("piece of a file", bench.pieces, bench.read_piece),
        Target("answer about a file", bench.answers, bench.read_answer, exact),
        Target("line", bench.lines, bench.read_line),
    )
    if exact:
        return given
    inside = (
        Target("request of a faulty program", bench.requests, bench.read_request, alter=bench.faulty_request),
        Target("stick to the province, summed anew", bench.sticks_up, bench.read_stick_up, alter=bench.volume),
        Target("stick to a kiosk, summed anew", bench.sticks_down, bench.read_stick_down, alter=bench.volume),
        Target("key letter, signed anew", bench.letters, bench.read_letter, alter=bench.letter),
        Target("enrolment file, signed anew", bench.enrolment, bench.read_enrolment, alter=bench.enrolment_file),
    )
    return tuple(replace(target, name=f"{target.name}, from a mad holder of keys") for target in (*given, *inside))


class _Bench:
    """A province and a kiosk with something to say, put back as they were after every message."""

    def __init__(self, forge: Forge, seed: int) -> None:
        self.scene = Scene(seed, Setup(meaning=Tiny, forge=forge))
        self.scene.swarm.quiet = True
        self.machine = self.scene.machines[0]
        self._fill()
        self.authority, self.nonce = self.scene.authority, bytes(16)
        self.kiosk = self.machine.journal.image()
        self.own = sum(self.machine.journal.last(inc)[0] for inc in self.machine.journal.incarnations())
        self.province = self.scene.province.state.copy()
        self.requests = [self._engine().make_request(0.0, 0)]
        self.replies = [line.serve(self.scene, self.requests[0])]
        self._put_back()
        segments = [(part, hsg.parse(part)) for part in self.machine.engine.segments_for_bundle(600)]
        self.segments = [part for part, _ in segments]
        self.sticks_up = [sticks.write(self.scene, self.machine)]
        self.sticks_down = [sticks.take(self.scene, self.sticks_up[0])]
        self._put_back()
        self.pieces = [self._piece()]
        self.answers = [Answer(self.nonce, Held.PARTLY, Ranges.of([(0, 3), (5, 9)])).write(self.authority.keys.sign)]
        self.letters = self._letters()
        keys = DeviceKeys(SigningKey(bytes(range(32))), SealKey(bytes(range(1, 33))))
        self.device = keys
        asked = enrol.make_request(keys, "01273", "Lý Văn Mẫu", bytes(16))
        self.root = SigningKey(bytes(range(2, 34)))
        grant = enrol.Grant(1000, "01273", bytes(32), self.authority.public)
        self.enrolment = [asked, enrol.issue_bundle(enrol.open_request(asked), grant, self.root)]
        own = [line.body for inc in self.machine.journal.incarnations() for line in self.machine.journal.lines(inc, 0, 99)]
        feed = [entry.body for entries in self.province.feeds.values() for entry in entries]
        self.lines = [*own, *feed]

    def _fill(self) -> None:
        """A history: some of it at the province and back, some only here, a file, letters on their way."""
        scene, journal = self.scene, self.machine.journal
        first = journal.work("", [("f", {"c.phone": "0900000001"})], Facts(actor="cb1"))
        name, file, told = attachments.attachment(scene.rng, journal.dossier_at(first))
        journal.work(journal.dossier_at(first), [("at", told)], Facts(actor="cb2"), {name: file})
        while journal.told(journal.identity()[1]) < 2:  # a province without the newest dictionary asks for the lines once more
            self.machine.engine.on_reply(line.serve(scene, self.machine.engine.make_request(0.0, 0)), 0.1)
        scene.authority.renew_province(scene.province)
        scene.authority.renew_commune(scene.province, self.machine.commune)
        with scene.province.atomic():
            scene.province.add_entry(self.machine.commune, fields_entry(journal.dossier_at(first), {"p.status": "xong"}), None)
            scene.province.mark_safe({key: len(log) for key, log in scene.province.state.logs.items()})
        for number in range(3, 8):
            journal.work("", [("f", {f"e.{number}": "Bế Văn Mẫu", "c.address": "xã Mẫu"})], Facts(actor=f"cb{number}"))

    def _engine(self) -> Any:
        """The kiosk's program, started; it draws the same nonces every time."""
        rng, self.scene.rng = self.scene.rng, random.Random(7)
        self.scene.start(self.machine)
        engine = self.machine.engine
        self.scene.rng = rng
        engine._random = random.Random(7).randbytes
        return engine

    def _put_back(self) -> None:
        self.machine.journal.put_back(self.kiosk)
        self.scene.province.state = self.province.copy()

    def _piece(self) -> bytes:
        sent = attachments.next_piece(self.scene, self.machine)
        assert sent is not None
        return sent.body

    def _letters(self) -> list[bytes]:
        record = self.scene.province.devices[self.machine.journal.device]
        custody = Custody("01273", 1, 5, 3, {(1000, 5): (3, bytes(32))})
        _, keys = self.authority.rotate(self.machine.journal, self.machine.keys, 1)
        return [
            *self.scene.province.province_documents,
            self.authority.commune_letter(record)[1],
            keys.rotations[-1],
            write_custody(custody, self.authority.keys.sign),
        ]

    # --- altering what lies under a sum or a signature ------------------------------------------------------------

    def faulty_request(self, rng: random.Random, sample: bytes) -> bytes:
        """What a kiosk sends whose program writes lines that are no events; it signs them all the same."""
        for _ in range(rng.randint(1, 3)):
            line_ = mutate(rng, rng.choice(self.lines), self.lines).replace(b"\n", b" ") or b" "
            self.machine.journal.write_raw(line_)
        message: bytes = self._engine().make_request(0.0, 0)
        self._put_back()
        return message

    def volume(self, rng: random.Random, sample: bytes) -> bytes:
        """A volume whose frames are altered, dropped, doubled or moved, with a right sum."""
        source = io.BytesIO(sample)
        checked = check(source, [self.authority.forge.suite.verifier(bytes(32))])
        found = [(frame.kind, frame.body) for frame in frames(source, checked)]
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(found))
            kind, body = found[at]
            altered = (kind, mutate(rng, body, [body for _, body in found])[: 1 << 20])
            found[at : at + 1] = rng.choice(([altered], [altered], [], [(kind, body)] * 2, [(rng.randrange(8), body)]))
            if not found:
                found.append(altered)
            rng.shuffle(found) if rng.random() < 0.2 else None
        header = checked.header if rng.random() < 0.9 else replace(checked.header, owner=rng.randrange(1 << 32))
        out = io.BytesIO()
        writer = VolumeWriter(out, header, self.machine.own.sign)
        for kind, body in found:
            writer.add(kind, body)  # kinds nobody knows, too
        writer.finish()
        return out.getvalue()

    def letter(self, rng: random.Random, sample: bytes) -> bytes:
        """A letter with other facts, signed as the one before."""
        signers = [self.authority.root, self.machine.own.sign][: 1 + (letter.kind_of(sample) == rollover.PROVINCE)]
        return letter.write(letter.kind_of(sample), strange_facts(rng, sample), *signers)

    def enrolment_file(self, rng: random.Random, sample: bytes) -> bytes:
        """An enrolment file with other facts; its signature is right, also by libsodium."""
        signer = self.device.sign if letter.kind_of(sample) == enrol.REQUEST else self.root
        return letter.write(letter.kind_of(sample), strange_facts(rng, sample), signer)

    # --- reading ------------------------------------------------------------------------------------------------

    def read_request(self, message: bytes) -> str:
        reply = line.serve(self.scene, message)
        self._check_province()
        self._put_back()
        return wire.parse_reply(reply).answer.refusal

    def read_reply(self, message: bytes) -> str:
        engine = self._engine()
        engine.make_request(0.0, 0)
        try:
            engine.on_reply(message, 0.1)
        finally:
            self._check_kiosk()
            self._put_back()
        return ""

    def read_segment(self, message: bytes) -> str:
        part = hsg.parse(message)
        lines = hsg.unpack(part, self.authority.keys.former[1])
        journal = self.machine.journal
        before = journal.head_at(part.chain.incarnation, part.first - 1) or ZERO_HEAD
        heads = hsg.verify(part, lines, before, self.authority.forge.suite.verifier(self.machine.own.sign.public))
        for text, head in zip(lines, heads, strict=True):
            before = chain(before, text)
            assert before == head, "a head that does not follow"
        return ""

    def read_stick_up(self, message: bytes) -> str:
        try:
            sticks.take(self.scene, message)
        finally:
            self._check_province()
            self._put_back()
        return ""

    def read_stick_down(self, message: bytes) -> str:
        self._engine()
        try:
            sticks.unload_at(self.scene, self.machine, message)
        finally:
            self._check_kiosk()
            self._put_back()
        return ""

    def read_letter(self, message: bytes) -> str:
        suite, trust = self.authority.forge.suite, self.machine.keys.trust
        kind = letter.kind_of(message)
        if kind == rollover.ROTATION:
            record = self.scene.province.devices[self.machine.journal.device]
            rollover.read_rotation(message, record.device, record.generation, record.verify_key, suite)
        elif kind == rollover.COMMUNE:
            newest = rollover.take_all(trust, self.scene.province.province_documents, [self.machine.keys.seal], suite)
            rollover.take(newest, message, [self.machine.keys.seal], suite)
        elif kind == rollover.PROVINCE:
            rollover.take(trust, message, [self.machine.keys.seal], suite)
        else:
            read_custody(message, self.authority.verifier)
        return ""

    def read_enrolment(self, message: bytes) -> str:
        if message.startswith(enrol.REQUEST):
            enrol.open_request(message)
        else:
            enrol.open_bundle(message, [self.device.seal], self.enrolment[0], root=self.root.public)
        return ""

    def read_piece(self, message: bytes) -> str:
        ticket = read_ticket(message[:TICKET]).ticket
        answer = attachments.receive(self.scene, message)
        self._put_back()
        return read_answer(answer, self.authority.verifier, ticket.nonce).refusal if answer is not None else "blob_malformed"

    def read_answer(self, message: bytes) -> str:
        read_answer(message, self.authority.verifier, self.nonce)
        return ""

    def read_line(self, message: bytes) -> str:
        """A line of a log, an entry of a feed, a line of a snapshot: what was read can be written and read again."""
        for read in (self._event, self._entry, read_snapshot_line):
            try:
                read(message)
                return ""
            except SyncError as error:
                refused = error.code
        return refused

    @staticmethod
    def _event(message: bytes) -> None:
        event = decode(message)
        assert decode(encode(event)) == event, "an event that reads otherwise when it is written again"

    @staticmethod
    def _entry(message: bytes) -> None:
        entry: Mapping[str, Any] = decode_entry(message)
        read_mark(entry)
        assert decode_entry(encode_entry(entry)) == entry, "an entry that reads otherwise when it is written again"

    # --- what holds whatever came -------------------------------------------------------------------------------

    def _check_province(self) -> None:
        """Logs are chains, and go on from what was there."""
        for key, log in self.scene.province.state.logs.items():
            held = self.province.logs.get(key, [])
            assert log[: len(held)] == held, "a stored line was changed"
            head = ZERO_HEAD
            for n, stored in enumerate(log, 1):
                head = chain(head, stored.body)
                assert (stored.n, stored.head) == (n, head), "a log that is no chain"

    def _check_kiosk(self) -> None:
        """Own lines stay, and no cursor goes beyond them."""
        journal = self.machine.journal
        assert sum(journal.last(inc)[0] for inc in journal.incarnations()) == self.own, "an own line is gone"
        for inc in journal.incarnations():
            assert 0 <= journal.acked(inc) <= journal.told(inc) <= journal.last(inc)[0], "a cursor beyond the log"
