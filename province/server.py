"""Serving: waitress in front of Django, one process per state folder.

Waitress reads a whole request before it gives it to a thread, so slow lines hold no thread, and refuses bodies over the
protocol's limit; attachments are the exception, ``province.uploads`` writes them as they arrive. SIGTERM and SIGINT finish the
requests in hand and stop; a kill at any moment loses nothing that was answered. Static files are few and small and go through the
same door.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from django.core.wsgi import get_wsgi_application
from waitress.server import BaseWSGIServer, create_server

from province.errors import ProvinceError
from province.runtime import Runtime
from province.uploads import Uploads, with_receiver
from sync.blob.receiver import Receiver
from sync.file_trouble import why_vi
from sync.steps import watch_if_asked
from sync.wire import MAX_REQUEST

THREADS: Final = 8
WHOLE_ANSWER: Final = 64 * 1024
"""Bytes of an answer that wait for its end."""
IN_MEMORY: Final = 128 * 1024
"""Bytes of a body kept in memory before its end; what is beyond goes to a temporary file, so that strangers fill no memory."""
_COLLECTED_AT: Final = 200_000
"""Objects made between two walks of Python's collector."""
CONNECTIONS: Final = 1500
"""Two hundred kiosks, each with a line for its journal and up to six for its attachments."""


def make_server(running: Runtime, wrap: Callable[[Any], Any] = lambda app: app) -> Any:
    """The listening server, not yet running. ``wrap`` is a WSGI layer around the service.

    Raises:
        ProvinceError: ``port_taken`` when the address cannot be listened on.
    """
    options = running.options
    proxy = {"trusted_proxy": options.trusted_proxy, "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto"}
    from province.blobs import province_files

    receiver = Receiver(province_files(running), running.keyring.signing)
    application = wrap(with_receiver(get_wsgi_application(), receiver))
    uploads = Uploads(receiver)
    sockets: dict[int, Any] = {}
    try:
        server = create_server(
            application,
            map=sockets,
            host=options.host,
            port=options.port,
            threads=THREADS,
            ident=None,
            max_request_body_size=MAX_REQUEST + 1,
            inbuf_overflow=IN_MEMORY,
            channel_timeout=60,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=True,
            **(proxy if options.trusted_proxy else {}),
        )
    except OSError as error:
        raise ProvinceError(
            "port_taken",
            f"Không nghe được ở {_shown(options.host)}:{options.port}. {why_vi(error)}",
            "Chọn --host, --port khác, hoặc dừng chương trình đang chiếm cổng.",
        ) from None
    for listening in [one for one in sockets.values() if isinstance(one, BaseWSGIServer)]:
        listening.channel_class = uploads.channel()
        # Head and body of an answer leave together: the kiosk's line pays for every packet.
        listening.adj.send_bytes = WHOLE_ANSWER
        uploads.wake = listening.pull_trigger
    return server


def serve(running: Runtime, on_ready: Callable[[str], None], wrap: Callable[[Any], Any] = lambda app: app) -> None:
    """Serve until SIGTERM or SIGINT. ``on_ready`` gets the address once connections are taken."""
    watch_if_asked()
    server = make_server(running, wrap)
    _collect_seldom()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    on_ready(f"http://{_shown(running.options.host)}:{server.effective_port}")
    server.run()


def _collect_seldom() -> None:
    """Taking in a batch makes tens of thousands of objects and no cycles: Python's collector, as it starts, walks over them and
    over the whole program again and again, a sixth of all the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AT, 20, 100)


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
