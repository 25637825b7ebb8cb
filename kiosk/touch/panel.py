"""The window of the demonstration's control panel: buttons for the twins, in the technician's colours.

A process of its own beside the kiosk's window. It draws what ``kiosk.demo.panel`` tells over the socket given as the only argument
and sends back which button was pressed; it knows nothing of the kiosk.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from kiosk.touch.environment import prepare

WIDTH, HEIGHT = 460, 800
BUTTONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Thẻ căn cước", (("lay", "Đặt thẻ lên đầu đọc"), ("lift", "Nhấc thẻ lên"), ("reader", "Rút / cắm đầu đọc"))),
    ("Máy quét mã", (("scan", "Quét mã QR trên thẻ"), ("scan_foreign", "Quét một mã lạ"))),
    ("Máy in", (("paper", "Hết giấy / có giấy"), ("cover", "Mở / đóng nắp"))),
    (
        "Đường mạng tới tỉnh",
        (
            ("line:up", "Thông"),
            ("line:cut", "Cắt"),
            ("line:hang", "Treo"),
            ("line:portal", "Cổng Wi-Fi"),
            ("line:broken", "Lỗi 500"),
        ),
    ),
    ("Máy chủ tỉnh", (("province", "Tắt đột ngột / chạy lại"),)),
)


class Hands:
    """The socket to the demonstration."""

    def __init__(self, path: str) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(60)
        self._line.connect(path)
        self._stream = self._line.makefile("rw", encoding="utf-8")

    def ask(self, act: str = "") -> dict[str, Any]:
        """Do ``act`` (nothing when empty); how everything stands."""
        self._stream.write(json.dumps({"do": act}) + "\n")
        self._stream.flush()
        return dict(json.loads(self._stream.readline()))


def build(hands: Hands) -> Any:
    """The widget tree, asking the demonstration once a second how things stand."""
    from kivy.clock import Clock
    from kivy.uix.boxlayout import BoxLayout
    from kivy.uix.button import Button
    from kivy.uix.gridlayout import GridLayout
    from kivy.uix.label import Label

    from kiosk.touch import theme

    theme.register_fonts()
    root = BoxLayout(orientation="vertical", padding=18, spacing=6)
    state = Label(font_name="be-500", font_size=18, halign="left", valign="top", color=theme.WHITE, size_hint_y=None, height=126)
    said = Label(font_name="be-600", font_size=19, halign="left", valign="middle", color=theme.GOLD, size_hint_y=None, height=46)
    for words in (state, said):
        words.bind(size=lambda label, size: setattr(label, "text_size", size))

    def show(facts: dict[str, Any]) -> None:
        paper = "hết giấy" if facts["paper_out"] else "nắp mở" if facts["cover"] else "sẵn sàng"
        state.text = "\n".join(
            (
                facts["line_vi"],
                f"Máy chủ tỉnh {'đang chạy' if facts['province'] else 'đã tắt'}: {facts['url']}",
                f"Máy in {paper}; đã in {facts['slips']} phiếu",
                f"Đầu đọc thẻ {'đã rút' if facts['reader_gone'] else 'đang cắm'}",
            )
        )
        said.text = facts["said"] or said.text

    root.add_widget(Label(text="Bảng điều khiển thử", font_name="be-700", font_size=28, size_hint_y=None, height=44))
    root.add_widget(state)
    root.add_widget(said)
    for title, acts in BUTTONS:
        root.add_widget(Label(text=title, font_name="be-600", font_size=18, color=theme.INDIGO2, size_hint_y=None, height=28))
        grid = GridLayout(cols=min(len(acts), 2) if len(acts) < 5 else 5, spacing=8, size_hint_y=None, height=0)
        for act, words in acts:
            small = len(acts) >= 5
            button = Button(
                text=words,
                font_name="be-600",
                font_size=14 if small else 17,
                background_normal="",
                background_color=theme.INDIGO7,
                size_hint_y=None,
                height=50,
            )
            button.bind(on_release=lambda _b, act=act: show(hands.ask(act)))
            grid.add_widget(button)
        grid.height = 58 * -(-len(acts) // grid.cols)
        root.add_widget(grid)
    root.add_widget(BoxLayout())
    show(hands.ask())
    Clock.schedule_interval(lambda _dt: show(hands.ask()), 1.0)
    return root


def main(path: str) -> None:
    """Open the panel and stay until its window is closed."""
    prepare(WIDTH, HEIGHT, pointer=True, place=(0, 40))
    from kivy.base import runTouchApp
    from kivy.core.window import Window

    from kiosk.touch import theme

    Window.set_title("Một Cửa Xã – bảng điều khiển thử")
    Window.clearcolor = theme.TECH
    runTouchApp(build(Hands(path)))


if __name__ == "__main__":
    main(sys.argv[1])
