"""The peer of the benchmarks: the smallest honest Kivy window with the kiosk's own fonts, one label in each and one button.

It has the same window settings as the kiosk and tells its supervisor after the first frame, as the kiosk does.
"""

from __future__ import annotations

from kiosk.touch.environment import prepare

WORDS = "Làm giấy tờ ngay tại xã"


def main() -> None:
    """Open the window and stay."""
    prepare(1280, 800)
    from kivy.base import EventLoop, runTouchApp
    from kivy.clock import Clock

    from kiosk.supervisor import tell_supervisor

    EventLoop.ensure_window()
    Clock.schedule_once(lambda _dt: tell_supervisor("READY=1"), 0)
    runTouchApp(content())


def content() -> object:
    """Labels in every font of the app, and a button."""
    from kivy.uix.boxlayout import BoxLayout
    from kivy.uix.button import Button
    from kivy.uix.label import Label

    from kiosk.touch.theme import register_fonts

    register_fonts()
    box = BoxLayout(orientation="vertical")
    for weight in (400, 500, 600, 700, 800):
        box.add_widget(Label(text=WORDS, font_name=f"be-{weight}", font_size=30))
    for weight in (400, 500, 600, 700):
        box.add_widget(Label(text="0123456789", font_name=f"noto-{weight}", font_size=30))
    box.add_widget(Button(text=WORDS, font_name="be-600", font_size=40))
    return box


if __name__ == "__main__":
    main()
