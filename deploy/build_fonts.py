"""Build the fonts of the touch app from three npm packages (run once; the results are committed).

Be Vietnam Pro declares an ascent of 1.0 em although «Ẳ» reaches 1.23, so a text renderer gives rows of different heights;
every weight gets the same true ascent and descent here and baselines stop jumping. Noto Sans is only cut down to the letters
this country writes. Material Symbols Rounded is cut down to the icons named below, once outlined and once filled; the filled
outlines are grown by 0.8 % of the em and united, which closes the hairline seams the FILL axis leaves.

How to run (needs fonttools, brotli and skia-pathops, which the product itself does not)::

    npm pack @expo-google-fonts/be-vietnam-pro @expo-google-fonts/noto-sans @fontsource-variable/material-symbols-rounded
    python3 deploy/build_fonts.py FOLDER_WITH_THE_THREE_TGZ
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path

import pathops
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

OUT = Path(__file__).resolve().parent.parent / "kiosk" / "touch" / "fonts"

ASCENT, DESCENT = 1240, 280
"""Thousandths of the em, one pair for all weights of Be Vietnam Pro."""

LETTERS = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x250),
    *range(0x2B0, 0x370),
    *range(0x1E00, 0x1F00),
    *range(0x2000, 0x2070),
    *range(0x20A0, 0x20C0),
    0x2116,
    0x2122,
    0x2190,
    0x2191,
    0x2192,
    0x2193,
    0x2212,
    0x25CB,
    0x25CF,
    0x25CC,
]

WORDS = ["400Regular", "500Medium", "600SemiBold", "700Bold", "800ExtraBold"]
NUMBERS = ["400Regular", "500Medium", "600SemiBold", "700Bold"]

# fmt: off
ICONS = [
    "account_balance", "account_circle", "add", "add_circle", "alarm", "apps", "arrow_back", "arrow_downward",
    "arrow_forward", "arrow_upward", "article", "assignment", "assignment_ind", "assignment_late", "assignment_turned_in",
    "attach_file", "back_hand", "backspace", "badge", "barcode_scanner", "battery_alert", "battery_charging_full",
    "battery_full", "block", "bolt", "book", "bug_report", "build", "cable", "calendar_month", "call", "camera", "cancel",
    "celebration", "check", "check_box", "check_box_outline_blank", "check_circle", "checklist", "chevron_left",
    "chevron_right", "child_care", "church", "clock_loader_40", "close", "cloud_done", "cloud_off", "cloud_sync",
    "cloud_upload", "construction", "contactless", "content_copy", "contrast", "credit_card", "credit_card_off",
    "dark_mode", "database", "delete", "description", "device_thermostat", "devices", "dialpad", "display_settings",
    "do_not_touch", "done", "done_all", "download", "draw", "edit", "edit_calendar", "edit_note", "elderly", "emergency",
    "error", "event", "event_available", "event_busy", "expand_less", "expand_more", "face", "family_restroom", "favorite",
    "female", "file_copy", "filter_list", "fingerprint", "flag", "folder", "folder_open", "forest", "format_size",
    "front_hand", "gavel", "globe", "group", "groups", "handshake", "headphones", "health_and_safety", "hearing", "help",
    "history", "history_edu", "home", "home_work", "hourglass_empty", "hourglass_top", "how_to_reg", "id_card", "image",
    "inbox", "info", "info_i", "keyboard", "keyboard_arrow_down", "keyboard_arrow_up", "keyboard_hide", "keyboard_return",
    "lan", "landscape", "language", "light_mode", "link", "link_off", "list_alt", "local_hospital", "lock", "lock_open",
    "login", "logout", "loyalty", "male", "man", "memory", "menu", "menu_book", "mic", "mobile", "monitor", "mood",
    "more_horiz", "more_vert", "nfc", "notifications", "notifications_active", "open_in_new", "outbox", "paid",
    "partly_cloudy_day", "password", "pause", "payments", "pending", "pending_actions", "person", "person_add",
    "person_alert", "person_search", "pets", "photo_camera", "photo_library", "pin", "pin_drop", "play_arrow",
    "play_circle", "policy", "power", "power_off", "power_settings_new", "print", "print_disabled", "print_error",
    "priority_high", "privacy_tip", "qr_code", "qr_code_2", "qr_code_scanner", "question_mark", "receipt", "receipt_long",
    "record_voice_over", "refresh", "remove", "repeat", "replay", "report", "restart_alt", "router", "save", "scanner",
    "schedule", "school", "sd_card", "search", "security", "select_check_box", "send", "sentiment_satisfied", "settings",
    "shield", "shield_person", "shift", "shift_lock", "shopping_bag", "sick", "sign_language", "signal_disconnected",
    "skip_next", "smart_display", "smoke_free", "spa", "space_bar", "speaker", "star", "stop", "stop_circle", "storage",
    "stylus_note", "support_agent", "swap_horiz", "sync", "sync_problem", "tab", "task", "task_alt", "text_decrease",
    "text_fields", "text_increase", "thermostat", "thumb_up", "timer", "toggle_off", "toggle_on", "touch_app", "translate",
    "tune", "undo", "upload", "usb", "usb_off", "vaccines", "verified", "verified_user", "videocam", "view_list",
    "visibility", "visibility_off", "volume_down", "volume_off", "volume_up", "volunteer_activism", "wallet", "warning",
    "water_drop", "wc", "wifi", "wifi_off", "woman", "work", "workspace_premium", "zoom_in", "zoom_out",
]
# fmt: on


def member(folder: Path, package: str, ending: str) -> bytes:
    """Bytes of the one file of an npm tarball whose path ends with ``ending``."""
    tarball = next(folder.glob(f"*{package}-*.tgz"))
    with tarfile.open(tarball) as archive:
        name = next(n for n in archive.getnames() if n.endswith(ending))
        held = archive.extractfile(name)
        assert held is not None
        return held.read()


def cut(font: TTFont, codes: list[int], features: list[str]) -> None:
    """Keep only the glyphs of ``codes`` and the layout ``features``; drop hints."""
    options = Options()
    options.layout_features = features
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.hinting = False
    options.glyph_names = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)


def add_dot(font: TTFont) -> None:
    """Add ● (U+25CF), the mark that hides digits, which neither family has: a disc as wide as a digit."""
    middle_x, middle_y, r = 300, 350, 215
    k = r * 0.5523
    pen = TTGlyphPen(None)
    curve = Cu2QuPen(pen, max_err=0.5)
    curve.moveTo((middle_x + r, middle_y))
    for dx, dy in ((1, 0), (0, -1), (-1, 0), (0, 1)):
        ex, ey = dy, -dx
        curve.curveTo(
            (middle_x + dx * r + ex * k, middle_y + dy * r + ey * k),
            (middle_x + ex * r + dx * k, middle_y + ey * r + dy * k),
            (middle_x + ex * r, middle_y + ey * r),
        )
    curve.closePath()
    name = "blackcircle"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    font["glyf"].glyphs[name] = pen.glyph()
    font["hmtx"][name] = (600, middle_x - r)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[0x25CF] = name


def words(folder: Path) -> None:
    for weight in WORDS:
        font = TTFont(io.BytesIO(member(folder, "be-vietnam-pro", f"/BeVietnamPro_{weight}.ttf")))
        cut(font, LETTERS, ["kern", "mark", "mkmk", "ccmp", "locl"])
        add_dot(font)
        font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap = ASCENT, -DESCENT, 0
        table = font["OS/2"]
        table.sTypoAscender, table.sTypoDescender, table.sTypoLineGap = ASCENT, -DESCENT, 0
        table.usWinAscent, table.usWinDescent = ASCENT, DESCENT
        font.save(OUT / f"BeVietnamPro-{weight[:3]}.ttf")


def numbers(folder: Path) -> None:
    for weight in NUMBERS:
        font = TTFont(io.BytesIO(member(folder, "noto-sans", f"/NotoSans_{weight}.ttf")))
        cut(font, LETTERS, ["kern", "mark", "mkmk", "ccmp", "locl"])
        add_dot(font)
        font.save(OUT / f"NotoSans-{weight[:3]}.ttf")


def grown(path: pathops.Path, grow: float) -> pathops.Path:
    """``path`` united with a rim ``grow`` units wide; a slightly other width is tried where the geometry library gives up."""
    for width in (grow, grow * 0.9, grow * 1.15, grow * 0.7, grow * 1.3):
        try:
            rim = pathops.Path(path)
            rim.stroke(2 * width, pathops.LineCap.ROUND_CAP, pathops.LineJoin.ROUND_JOIN, 4)
            rim.convertConicsToQuads(0.25)
            rim.simplify(fix_winding=True, keep_starting_points=False)
            whole = pathops.op(path, rim, pathops.PathOp.UNION)
            whole.simplify(fix_winding=True, keep_starting_points=False)
        except pathops.PathOpsError:
            continue
        return whole
    return path


def united(font: TTFont, grow: float) -> None:
    """Grow every outline by ``grow`` units and unite overlaps, so no seam is left inside a shape."""
    glyphs, table = font.getGlyphSet(), font["glyf"]
    for name in font.getGlyphOrder():
        if table[name].numberOfContours == 0:
            continue
        path = pathops.Path()
        glyphs[name].draw(path.getPen(glyphSet=glyphs))
        whole = grown(path, grow)
        pen = TTGlyphPen(None)
        whole.draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        table[name] = pen.glyph()


def icons(folder: Path) -> None:
    data = member(folder, "material-symbols-rounded", "/material-symbols-rounded-latin-full-normal.woff2")
    by_name: dict[str, int] = {}
    for code, name in TTFont(io.BytesIO(data)).getBestCmap().items():
        by_name.setdefault(name, code)
    missing = [name for name in ICONS if name not in by_name]
    if missing:
        sys.exit(f"no such icon: {' '.join(missing)}")
    codes = {name: by_name[name] for name in sorted(set(ICONS))}
    for filled, ending in ((0, "outline"), (1, "filled")):
        font = TTFont(io.BytesIO(data))
        cut(font, list(codes.values()), [])
        font = instantiateVariableFont(font, {"FILL": filled, "wght": 500, "GRAD": 0, "opsz": 48})
        if filled:
            united(font, 0.008 * font["head"].unitsPerEm)
        font.flavor = None
        for tag in ("GSUB", "GPOS", "GDEF", "STAT"):
            if tag in font:
                del font[tag]
        font.save(OUT / f"Icons-{ending}.ttf")
    (OUT / "icons.json").write_text(json.dumps(codes, indent=0) + "\n", encoding="utf-8")


def main() -> None:
    folder = Path(sys.argv[1])
    words(folder)
    numbers(folder)
    icons(folder)
    (OUT / "OFL-BeVietnamPro.txt").write_bytes(member(folder, "be-vietnam-pro", "/LICENSE_FONT"))
    (OUT / "OFL-NotoSans.txt").write_bytes(member(folder, "noto-sans", "/LICENSE_FONT"))


if __name__ == "__main__":
    main()
