"""The province's attachments: what ``sync.blob.receiver`` asks for, on Django's tables and two folders.

Only files that an accepted event of the sender's own commune told of are taken (table ``Attachment``, a projection of the feed).
What arrives lies in ``blobs/parts`` until its hash is right, then in ``blobs/files`` under its name; the ``bl`` entry of the
commune's feed is written after the file is at its place, and at the next question should the two have been torn apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from django.db.models import QuerySet

from province.blob_folder import BlobFolder
from province.blob_parts import Parts
from province.journal import OrmJournal, recording
from province.limits import ByteBudget
from province.models import Attachment
from province.runtime import Runtime
from sync.blob.cipher import Verdict, judge, units_of
from sync.blob.ports import Announced, Sender
from sync.blob.ranges import Ranges
from sync.keys import SODIUM
from sync.steps import step


@dataclass(frozen=True, slots=True)
class ProvinceFiles:
    """Implements :class:`sync.blob.ports.ProvinceBlobs`, and with a ``commune`` its ``CommuneBlobs``. Any thread may call.

    What is still on its way lies apart for each commune: a file told of with a wrong size or key spoils nobody else's. Whole files
    lie under their hash, which is the same for all.
    """

    files: BlobFolder
    parts: Parts
    budget: ByteBudget
    wall_ms: Callable[[], int]
    commune: str = ""

    def of(self, commune: str) -> ProvinceFiles:
        return replace(self, commune=commune)

    def sender(self, device: int) -> Sender | None:
        record = OrmJournal(self.wall_ms()).device(device)
        if record is None:
            return None
        # A key that was replaced proves what it signed before; whoever still calls with it is not the kiosk.
        return Sender(device, record.commune, (SODIUM.verifier(record.verify_key),), record.valid_to is not None)

    def announced(self, blob: str) -> Announced | None:
        row = self._row(blob).first()
        return None if row is None else Announced(blob, row.size, bytes(row.key), row.commune)

    def have(self, blob: str) -> Ranges:
        size = self.files.head(blob)
        return self.parts.have(self._part(blob)) if size is None else Ranges.whole(size)

    def is_complete(self, blob: str) -> bool:
        return self._row(blob).filter(complete=True).exists() and self.files.head(blob) is not None

    def write(self, blob: str, offset: int, data: bytes) -> None:
        if not self._is_placed(blob):
            self.parts.write(self._part(blob), offset, data, lambda: self._is_placed(blob))

    def keep(self, blob: str, units: Ranges) -> Ranges:
        if not self._is_placed(blob):
            self.parts.keep(self._part(blob), units, lambda: self._is_placed(blob))
        return self.have(blob)

    def finish(self, blob: str) -> bool:
        with self.parts.alone():
            told = self.announced(blob)
            if told is None:
                return False
            if self.is_complete(blob):
                return True
            verdict = self._settle(told)
            if verdict.ok or not verdict.bad:
                # When no record is damaged the event told another name: whoever asks again has to send it again.
                self.parts.forget(self._part(blob))
            else:
                self.parts.drop(self._part(blob), units_of(verdict.bad, told.size))
            self._tell(told, verdict)
            return verdict.ok

    def pause_s(self, device: int) -> int:
        return -int(-self.budget.wait(device) // 1)

    def spend(self, device: int, size: int) -> None:
        self.budget.spend(device, size)

    def _settle(self, told: Announced) -> Verdict:
        """Judge a file, and put it at its place when it is right."""
        if self._is_placed(told.id):
            with self.files.get(told.id) as source:
                return judge(source, told.id, told.size, told.key)
        with self.parts.judging(self._part(told.id)) as source:
            verdict = judge(source, told.id, told.size, told.key)
            if verdict.ok:
                with step("province.blob.place"):
                    self.files.put(told.id, self.parts.path(self._part(told.id)))
        return verdict

    def _row(self, blob: str) -> QuerySet[Attachment]:
        return Attachment.objects.filter(commune=self.commune, blob=blob)

    def _part(self, blob: str) -> str:
        return f"{self.commune}-{blob}"

    def _is_placed(self, blob: str) -> bool:
        return self.files.head(blob) is not None

    def _tell(self, told: Announced, verdict: Verdict) -> None:
        dossier = self._row(told.id).values_list("dossier", flat=True).get()
        state = {"ok": 1} if verdict.ok else {"ok": 0, "bad": list(verdict.bad)}
        with recording(self.wall_ms()) as journal:
            journal.add_entry(told.commune, {"e": "bl", "id": told.id, "d": dossier, **state}, None)


def province_files(running: Runtime) -> ProvinceFiles:
    """The attachments of a running province."""
    root: Path = running.options.state / "blobs"
    return ProvinceFiles(
        BlobFolder(root / "files"),
        Parts(root / "parts", running.config.attachments_keep_free_mib << 20),
        running.attachments,
        running.wall_ms,
    )
