"""What every view model is: a plain object that tells its watchers when it changed, and falls silent when closed.

No Kivy, no threads: all calls come on the UI thread. A screen watches one view model while it is on the glass and redraws from
it; it never keeps data of its own, so closing the view model is enough to forget a person.
"""

from __future__ import annotations

from collections.abc import Callable


class Watch:
    """A subscription that can be taken back."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act: Callable[[], None] | None = act

    def cancel(self) -> None:
        self.act = None


class ViewModel:
    """State, commands, and one signal."""

    def __init__(self) -> None:
        self._watches: list[Watch] = []

    def watch(self, act: Callable[[], None]) -> Watch:
        """Call ``act`` after each change until the watch is cancelled or the view model is closed."""
        watch = Watch(act)
        self._watches.append(watch)
        return watch

    def notify(self) -> None:
        """Tell the watchers. A watcher may cancel itself or others meanwhile."""
        for watch in list(self._watches):
            if watch.act is not None:
                watch.act()
        self._watches = [watch for watch in self._watches if watch.act is not None]

    def close(self) -> None:
        """Drop the watchers. Subclasses also cancel their timers and forget what they hold; closing twice does no harm."""
        for watch in self._watches:
            watch.cancel()
        self._watches.clear()
