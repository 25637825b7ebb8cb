"""The way behind the PIN: which page follows which, and that nobody stays signed in when the pages leave the glass.

``open_staff`` makes the PIN pad; after it a :class:`Staff` holds the session and the desk and shows one page at a time through
``Kiosk.show``. Whatever takes the page away – lock button, five idle minutes, the kiosk ending the session itself – the official
is signed out and the desk is dropped. Going from page to page keeps both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.services import Official
from kiosk.viewmodels.base import ViewModel, Watch
from kiosk.viewmodels.official import Desk, OfficialSession, SignIn
from kiosk.viewmodels.review import Reviews
from kiosk.viewmodels.technician import Queue, Technician, TouchTest
from kiosk.viewmodels.typing import Typing

if TYPE_CHECKING:
    from kiosk.viewmodels.flow import Kiosk


def open_staff(kiosk: Kiosk) -> SignIn:
    """The PIN pad's view model; a right PIN opens the worklist or, for a technician, the device page."""

    def entered(official: Official) -> None:
        Staff(kiosk, official).start()

    return SignIn(kiosk.services, kiosk.scheduler, entered, kiosk.end)


class StaffPage(ViewModel):
    """A page behind the PIN. It keeps its own idle time: the kiosk's walk-away clock does not run (``timed``)."""

    timed = False

    def __init__(self, staff: Staff) -> None:
        super().__init__()
        self.staff = staff
        self.session = staff.session
        self._relays: list[Watch] = []
        self.relay(self.session)

    def relay(self, source: ViewModel) -> None:
        """Pass on the changes of ``source`` as this page's own."""
        self._relays.append(source.watch(self.notify))

    def touched(self) -> None:
        """A finger or key on this page; the kiosk tells."""
        self.session.touched()

    def lock(self) -> None:
        """Sign out and give the machine back to the citizens."""
        self.staff.lock()

    def back(self) -> None:
        """One page back; from the first page, lock."""
        self.lock()

    def close(self) -> None:
        super().close()
        for relay in self._relays:
            relay.cancel()
        self._relays.clear()
        self.staff.left(self)


class WorklistPage(StaffPage):
    """The worklist, with the dossier in hand beside it where the glass is wide, and the search's keyboard."""

    def __init__(self, staff: Staff, desk: Desk) -> None:
        super().__init__(staff)
        self.desk = desk
        self.relay(desk)
        self.typing = Typing(desk.query, "text", limit=60)
        self.typing.watch(self._typed)
        self.keys_up = False
        """Whether the screen's keyboard is shown."""

    def open_search(self) -> None:
        """Show field and keyboard."""
        self.keys_up = True
        self.desk.open_search()

    def close_search(self) -> None:
        """Leave the search; the tab shows again."""
        self.keys_up = False
        self.typing.clear()
        self.desk.close_search()

    def hide_keys(self) -> None:
        """Put the keyboard away; what was found stays."""
        self.keys_up = False
        self.notify()

    def type(self, letters: str) -> None:
        """Letters from a real keyboard: they open the search by themselves."""
        if not self.desk.searching:
            self.desk.open_search()
        self.typing.type(letters)

    def choose(self, dossier: str, *, whole: bool) -> None:
        """Take a dossier in hand; ``whole`` opens it as a page of its own."""
        self.keys_up = False
        self.desk.choose(dossier)
        if whole:
            self.open_dossier()

    def _typed(self) -> None:
        self.desk.search(self.typing.value)
        self.notify()

    def close(self) -> None:
        super().close()
        self.typing.close()

    def open_dossier(self) -> None:
        """The dossier in hand as a page of its own."""
        if self.desk.selected is not None:
            self.staff.show(DossierPage(self.staff, self.desk))

    def open_technician(self) -> None:
        """Devices and line."""
        self.staff.open_technician()

    def choose_tab(self, key: str) -> None:
        """Another tab; what waits for a word of the official is a page of its own."""
        if key == "review":
            self.staff.show(ReviewPage(self.staff, Reviews(self.staff.kiosk.services)))
        else:
            self.desk.choose_tab(key)


class ReviewPage(StaffPage):
    """What the province did not take as it was sent."""

    def __init__(self, staff: Staff, reviews: Reviews) -> None:
        super().__init__(staff)
        self.reviews = reviews
        self.relay(reviews)

    def back(self) -> None:
        self.staff.open_worklist()

    def open_dossier(self) -> None:
        """The dossier of the matter in hand."""
        found = self.reviews.current
        if found is not None and found.dossier:
            self.staff.open_dossier(found.dossier)

    def close(self) -> None:
        super().close()
        self.reviews.close()


class DossierPage(StaffPage):
    """One dossier on the whole glass."""

    def __init__(self, staff: Staff, desk: Desk) -> None:
        super().__init__(staff)
        self.desk = desk
        self.relay(desk)

    def back(self) -> None:
        self.staff.open_worklist()

    def compare(self) -> None:
        """The applicant's card on the reader, beside this dossier."""
        from kiosk.viewmodels.compare import ComparePage

        if self.desk.selected is not None:
            self.staff.show(ComparePage(self.staff, self.desk, self.desk.selected))


class TechnicianPage(StaffPage):
    """Devices, line and machine."""

    def __init__(self, staff: Staff, technician: Technician) -> None:
        super().__init__(staff)
        self.technician = technician
        self.relay(technician)
        self.opened = ""
        """Name of the device whose whole text is shown, or empty."""

    @property
    def leaves_to_worklist(self) -> bool:
        """Whether the way back goes to the worklist, not to the attract screen."""
        return self.staff.has_worklist

    def back(self) -> None:
        if self.leaves_to_worklist:
            self.staff.open_worklist()
        else:
            self.lock()

    def open_sheet(self, name: str) -> None:
        """Show everything known about a device."""
        self.opened = name
        self.notify()

    def close_sheet(self) -> None:
        """Put the sheet away."""
        self.open_sheet("")

    def open_touch_test(self) -> None:
        """Nine crosses."""
        self.staff.show(TouchTestPage(self.staff))

    def open_queue(self) -> None:
        """What is on its way, one by one."""
        self.staff.show(QueuePage(self.staff, Queue(self.staff.kiosk.services, self.staff.kiosk.scheduler)))

    def close(self) -> None:
        super().close()
        self.technician.close()


class QueuePage(StaffPage):
    """What is on its way to the province, item by item."""

    def __init__(self, staff: Staff, queue: Queue) -> None:
        super().__init__(staff)
        self.queue = queue
        self.relay(queue)

    def back(self) -> None:
        self.staff.open_technician()

    def close(self) -> None:
        super().close()
        self.queue.close()


class TouchTestPage(StaffPage):
    """Nine crosses over the whole glass."""

    def __init__(self, staff: Staff) -> None:
        super().__init__(staff)
        self.test = TouchTest(staff.kiosk.scheduler, staff.open_technician)
        self.relay(self.test)

    def back(self) -> None:
        self.test.leave()


class Staff:
    """Who is behind the PIN, with what in hand, on which page."""

    def __init__(self, kiosk: Kiosk, official: Official) -> None:
        self.kiosk = kiosk
        self._leaving = False
        self._page: StaffPage | None = None
        self._desk: Desk | None = None
        self.session = OfficialSession(kiosk.services, kiosk.scheduler, self._locked)
        self.session.begin(official)

    @property
    def has_worklist(self) -> bool:
        """Technicians have devices only: dossiers are not theirs to read."""
        return self.session.official is not None and self.session.official.role == "official"

    def start(self) -> None:
        """The first page for this role."""
        if self.has_worklist:
            self.open_worklist()
        else:
            self.open_technician()

    def open_worklist(self) -> None:
        """The worklist as it was left."""
        if self._desk is None:
            self._desk = Desk(self.kiosk.services, self.kiosk.scheduler, self.session)
        self.show(WorklistPage(self, self._desk))

    def open_dossier(self, dossier: str) -> None:
        """A dossier as a page of its own."""
        if self._desk is None:
            self._desk = Desk(self.kiosk.services, self.kiosk.scheduler, self.session)
        self._desk.choose(dossier)
        if self._desk.selected is not None:
            self.show(DossierPage(self, self._desk))

    def open_technician(self) -> None:
        """The device page."""
        self.show(TechnicianPage(self, Technician(self.kiosk.services, self.kiosk.scheduler)))

    def show(self, page: StaffPage) -> None:
        """Put a page on the glass; the one before is closed by the kiosk."""
        self._page = page
        self.kiosk.show(page)

    def lock(self) -> None:
        """Sign out; the kiosk goes back to the citizens."""
        self.session.lock()

    def left(self, page: StaffPage) -> None:
        """A page was closed. If no other page of ours took its place, the official is gone."""
        if page is self._page:
            self._leaving = True
            self.session.lock()

    def _locked(self) -> None:
        self._page = None
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        self.session.close()
        if not self._leaving:
            self.kiosk.end()
