"""Reads the words back out of a PDF of ours, by the format's own rules: streams, fonts, ToUnicode maps, text operators."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?m)^(\d+) 0 obj\r?\n(.*?)\r?\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
_PLAIN = rb"\\.|[^\\()]"
_STRING = rb"\((?:%s|\((?:%s|\((?:%s)*\))*\))*\)|<[0-9a-fA-F]*>" % (_PLAIN, _PLAIN, _PLAIN)
"""A string: literal, with plain parentheses where they are balanced, or in hexadecimal digits."""
_TOKEN = re.compile(rb"/(?P<font>f\d+) [\d.]+ Tf|(?P<shown>\[(?:%s|[^\]\\(<])*\] ?TJ|(?:%s) ?Tj)" % (_STRING, _STRING), re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True, slots=True)
class Pdf:
    objects: Mapping[int, bytes]

    def stream(self, number: int) -> bytes:
        raw = _STREAM.search(self.objects[number])
        assert raw is not None
        return zlib.decompress(raw[1]) if b"/FlateDecode" in self.objects[number] else raw[1]

    def pages(self) -> list[bytes]:
        return [body for body in self.objects.values() if b"/Type/Page/" in body]

    def fonts(self) -> set[str]:
        """Names of all fonts, without the tag of the subset."""
        return {name.decode() for body in self.objects.values() for name in re.findall(rb"/BaseFont/[A-Z]{6}\+([\w-]+)", body)}


def read_pdf(data: bytes) -> Pdf:
    return Pdf({int(number): body for number, body in _OBJECT.findall(data)})


def pdf_text(data: bytes) -> str:
    """All words of a PDF, page after page, white space and places to break taken out."""
    pdf = read_pdf(data)
    return "".join(page_text(pdf, page) for page in pdf.pages())


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text)


def page_text(pdf: Pdf, page: bytes) -> str:
    resources = pdf.objects[_reference(page, rb"/Resources")]
    fonts = {name: _to_unicode(pdf, int(number)) for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", resources)}
    content = pdf.stream(_reference(page, rb"/Contents"))
    words: list[str] = []
    font: Mapping[int, str] = {}
    for token in _TOKEN.finditer(content):
        if token["font"]:
            font = fonts[token["font"]]
        else:
            words.extend(font[code] for code in _codes(token["shown"]))
    return squeezed("".join(words))


def _reference(body: bytes, key: bytes) -> int:
    found = re.search(key + rb" (\d+) 0 R", body)
    assert found is not None
    return int(found[1])


def _to_unicode(pdf: Pdf, font: int) -> Mapping[int, str]:
    table = pdf.stream(_reference(pdf.objects[font], rb"/ToUnicode"))
    pairs = re.findall(rb"(?m)^<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>$", table)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}


def _codes(shown: bytes) -> Iterator[int]:
    for string in re.findall(_STRING, shown, re.DOTALL):
        signs = bytes.fromhex(string[1:-1].decode()) if string.startswith(b"<") else _unescaped(string[1:-1])
        yield from (int.from_bytes(signs[at : at + 2], "big") for at in range(0, len(signs), 2))


def _unescaped(literal: bytes) -> bytes:
    return re.sub(
        rb"\\([0-7]{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else _ESCAPES.get(m[1], m[1]), literal, flags=re.S
    )
