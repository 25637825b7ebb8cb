"""Attachments as officials meet them: what has come, preview first, and the picture or file itself, decrypted on the way out.

A preview is shown in the page's own formats (a browser knows no G4, so a page of it becomes PNG); a full file is handed over as it
was scanned. Nothing decrypted is written to a disk, and only kinds of file a kiosk takes are given a type of their own: anything
else is bytes to keep.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from forms.procedures.catalogue import load_catalogue
from province.blobs import ProvinceFiles, province_files
from province.models import Attachment, DossierIndex
from province.papers import confirmed_fields
from province.runtime import current
from sync.blob.cipher import decrypt, plain_size
from sync.errors import BlobDamaged

_ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
}
_SHOWN: Final = ("image/jpeg", "image/png", "image/webp")
"""What browsers show by themselves."""
_PREVIEW_MOST: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileFact:
    """One scan of a dossier."""

    title_vi: str
    preview: str
    """Blob of the preview when it is here, else empty."""
    full: str
    """Blob of the full file when it is here, else empty."""
    percent: int
    """How much of the full file has come."""
    pages: int

    @property
    def more_pages(self) -> range:
        """Numbers of the pages after the first that the preview has."""
        return range(2, self.pages + 1) if self.preview else range(0)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A decrypted file on its way out. ``name`` holds no person's data; ``shown``: a browser may show it."""

    name: str
    mime: str
    size: int
    shown: bool
    content: Iterator[bytes]


def files_of(row: DossierIndex) -> Sequence[FileFact]:
    """Scans of a dossier in the order they were told of; removed ones are left out."""
    held = province_files(current()).of(row.commune)
    rows = list(Attachment.objects.filter(commune=row.commune, dossier=row.dossier, removed=False).order_by("seq"))
    previews = {one.of: one for one in rows if one.role == "preview"}
    fields = confirmed_fields(row)
    procedure = load_catalogue().filed(fields)
    names = {part.id: part.name_vi for part in procedure.components} if procedure is not None else {}
    return [_fact(held, full, previews.get(full.blob), names.get(full.name, "")) for full in rows if full.role == "full"]


def _fact(held: ProvinceFiles, full: Attachment, preview: Attachment | None, title_vi: str) -> FileFact:
    return FileFact(
        title_vi=title_vi or "Giấy tờ",
        preview=preview.blob if preview is not None and preview.complete else "",
        full=full.blob if full.complete else "",
        percent=100 * held.have(full.blob).held_bytes(full.size) // full.size,
        pages=full.pages,
    )


def open_file(row: DossierIndex, blob: str, page: int) -> OpenFile | None:
    """One file of a dossier, or a page of its preview; ``None`` when it has none such that is complete.

    Raises:
        BlobDamaged: it does not decrypt, or is no picture although it says so.
    """
    found = Attachment.objects.filter(commune=row.commune, dossier=row.dossier, blob=blob, complete=True, removed=False).first()
    if found is None:
        return None
    held = province_files(current()).of(row.commune)
    if found.role == "preview" and found.mime == "image/tiff":
        data = _page(held, found, page)
        return OpenFile(f"giay-to-{blob[:8]}.png", "image/png", len(data), True, iter((data,)))
    mime = found.mime if found.mime in _ENDINGS else "application/octet-stream"
    name = f"giay-to-{blob[:8]}{_ENDINGS.get(mime, '.bin')}"
    return OpenFile(name, mime, plain_size(found.size), mime in _SHOWN, _text(held, found))


def _text(held: ProvinceFiles, found: Attachment) -> Iterator[bytes]:
    try:
        with held.files.get(found.blob) as source:
            yield from decrypt(source, found.size, bytes(found.key))
    except FileNotFoundError:
        raise BlobDamaged("the file is missing") from None


def _page(held: ProvinceFiles, found: Attachment, number: int) -> bytes:
    if found.size > _PREVIEW_MOST:
        raise BlobDamaged("no preview is that large")
    try:
        with Image.open(io.BytesIO(b"".join(_text(held, found)))) as picture:
            picture.seek(max(number, 1) - 1)
            out = io.BytesIO()
            picture.save(out, "PNG", optimize=True)
            return out.getvalue()
    except (OSError, ValueError, EOFError, SyntaxError, Image.DecompressionBombError):
        raise BlobDamaged("it is no picture") from None
