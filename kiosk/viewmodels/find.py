"""Where is my dossier: look-up by the code on the slip. Shows the state only, never a name.

A code with a wrong letter is caught by its check character before the store is asked, and the sentence says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from forms.codes import check_code
from kiosk.services import Row
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import Typing


class Find(Page):
    """Writing the code; then ``row`` is what was found, or ``problem`` a sentence."""

    where_vi = "Tra cứu hồ sơ"

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__(kiosk)
        self.typing = Typing("TAM-", "code", limit=35)
        self.typing.watch(self._written)
        self.row: Row | None = None
        self.problem = ""

    def _written(self) -> None:
        self.problem = ""
        self.notify()

    def look(self) -> None:
        """Look the code up."""
        t = self.kiosk.t
        facts = check_code(self.typing.value)
        self.row = self.services.find(facts.normalised) if facts.valid else None
        if self.row is None:
            self.problem = (
                t("find.none", "Máy này không có hồ sơ mang mã đó. Bà con xem lại mã trên phiếu, hoặc gọi cán bộ.")
                if facts.valid
                else t(
                    "find.wrong",
                    "Mã chưa đúng. Bà con xem lại từng chữ trên phiếu. Ví dụ: {example}",
                    example="TAM-01-261123-0042K",
                )
            )
        self.notify()

    def again(self) -> None:
        """Write another code."""
        self.row, self.problem = None, ""
        self.typing.replace("TAM-")

    def back(self) -> None:
        if self.row is not None:
            self.again()
            return
        from kiosk.viewmodels.services import ServiceList

        self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        if self.row is not None:
            return (self.row.status_vi,)
        return (self.problem or t("find.title", "Mã ghi trên phiếu là gì?"),)

    def close(self) -> None:
        super().close()
        self.typing.close()
        self.row = None
