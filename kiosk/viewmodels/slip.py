"""What a sitting leaves in the citizen's hands: the slip of a filing, or a declaration written out for another office to receive.

The countdown is 45 s and a touch makes it at least 60 s again. The print state is followed until the paper is there; an
uncertain print is asked about («Phiếu đã in ra đủ chưa?»): «no» queues one copy marked BẢN IN LẠI, nothing is ever repeated by
itself. No official code and no due time stand here: an official has not accepted yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kiosk.services import Cancel, Filed, LineState, Prepared, PrintFact, Refused
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.official import PrintWatch

CLEAR_S: Final = 45.0
TOUCH_S: Final = 60.0


class Leaving(Page):
    """A paper on its way out of the printer, and a screen that clears itself."""

    timed = False

    def __init__(self, kiosk: Kiosk, job: int) -> None:
        super().__init__(kiosk)
        self.refused: Refused | None = None
        self._print = PrintWatch(self.services, self.scheduler, job)
        self._print.watch(self._printed)
        self._ends = self.scheduler.now() + CLEAR_S
        self._watch = self.services.on_change(self._look)
        self._tick: Cancel = self.scheduler.call_later(1.0, self._count)

    @property
    def paper(self) -> PrintFact:
        return self._print.fact

    @property
    def left(self) -> int:
        """Whole seconds until the screen clears itself."""
        return max(0, round(self._ends - self.scheduler.now()))

    @property
    def asks(self) -> bool:
        """Whether a person must say if the paper came out whole."""
        return self.paper.state == "uncertain"

    def touched(self) -> None:
        self._ends = max(self._ends, self.scheduler.now() + TOUCH_S)

    def _count(self) -> None:
        if self.scheduler.now() >= self._ends - 0.05:
            self.kiosk.end()
            return
        self._tick = self.scheduler.call_later(1.0, self._count)
        self.notify()

    def _look(self) -> None:
        self._print.look()

    def _printed(self) -> None:
        if self.asks:
            self._ends = max(self._ends, self.scheduler.now() + CLEAR_S)
        self.notify()

    def came_out(self, whole: bool) -> None:
        """Answer to the question about an uncertain print."""
        try:
            self._print.answer(whole)
        except Refused as refused:
            self.refused = refused
            self.notify()

    def another(self) -> None:
        """Another job: everything of this one is forgotten, language and letter size stay."""
        from kiosk.viewmodels.services import ServiceList

        kiosk = self.kiosk
        language, large = kiosk.language, kiosk.large
        kiosk.end()
        kiosk.large = large
        kiosk.set_language(language)
        kiosk.show(ServiceList(kiosk))

    def done(self) -> None:
        self.kiosk.end()

    back = done

    def close(self) -> None:
        super().close()
        self._tick.cancel()
        self._watch.cancel()
        self._print.close()
        self.where_vi = ""


class Slip(Leaving):
    """After filing: the provisional code, what happens next, the paper."""

    def __init__(self, kiosk: Kiosk, filed: Filed) -> None:
        super().__init__(kiosk, filed.job)
        self.filed: Filed | None = filed
        self.where_vi = f"Đã nộp xong, mã {filed.code}"
        self.line: LineState = self.services.line()

    @property
    def can_reprint(self) -> bool:
        return self.paper.state == "printed"

    def _look(self) -> None:
        super()._look()
        line = self.services.line()
        if line != self.line:
            self.line = line
            self.notify()

    def print_again(self) -> None:
        """One more copy, marked BẢN IN LẠI; ignored while a print is under way."""
        if not self.can_reprint or self.filed is None:
            return
        try:
            job = self.services.reprint(self._print.job)
        except Refused as refused:
            self.refused = refused
            self.notify()
            return
        self._print.close()
        self._print = PrintWatch(self.services, self.scheduler, job)
        self._print.watch(self._printed)
        self.notify()

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        if self.filed is None:
            return ()
        return (t("slip.title", "Đã ghi nhận hồ sơ"), self.filed.next_vi, self.paper.text_vi)

    def close(self) -> None:
        super().close()
        self.filed = None


class PreparedSlip(Leaving):
    """After preparing: nothing was filed; where to take the paper. The machine forgets what stands on it, so it is printed once."""

    def __init__(self, kiosk: Kiosk, prepared: Prepared) -> None:
        super().__init__(kiosk, prepared.job)
        self.prepared = prepared
        self.where_vi = f"Đã in tờ khai: {prepared.procedure_vi}"

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        return (t("prepared.title", "Đã viết sẵn tờ khai"), self.prepared.next_vi, self.paper.text_vi)
