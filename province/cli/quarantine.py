"""Acts on what was refused and kept. Models are imported once Django is set up."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from province.cli.answers import Answer, ready
from province.runtime import Runtime


def quarantine(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import words
    from province.quarantine import listed
    from sync.envelope import base32

    rows = list(listed(running))
    facts = {"ok": True, "quarantine": [asdict(row) for row in rows]}
    lines = [
        f"{row.id:>5}  máy {base32(row.device).upper()}  {words.ms_vi(row.last_ms)}  {words.why_vi(row.reason)}"
        + (f"  {row.lines} dòng, {row.dossiers} hồ sơ" if row.lines else "")
        + ("  (nhận lại được)" if row.releasable else "")
        for row in rows
    ]
    return 0, facts, "\n".join(lines) or "Không có gì bị cách ly."


def quarantine_accept(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import words
    from province.quarantine import of_device, release

    done = release(running, [*given.id, *(of_device(given.device) if given.device else ())], by="cli")
    facts = {
        "ok": not done.left,
        "taken": list(done.taken),
        "branched": done.branched,
        "left": [{"id": number, "code": code} for number, code in done.left],
    }
    lines = [f"Đã nhận {len(done.taken)} gói vào nhật ký của tỉnh."] if done.taken or not done.left else []
    lines += ["Gói có giấy tờ kèm theo: nhận lại USB đó bằng «province bundle-import»."] if done.taken else []
    lines += [f"Mục {number} còn giữ: {words.why_vi(code)}." for number, code in done.left]
    return (1 if done.left else 0), facts, "\n".join(lines)
