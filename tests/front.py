"""The running program behind its public address: a front with TLS and one without, which can be told to go wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server, make_ssl_devcert

import app
from bot import dingtalk, feishu, web
from bot.event import Incoming
from bot.platform import Json
from models.engine import connect
from models.settings import Settings
from models.tables.sealed import Keyring
from models.work import Works

Wsgi = Callable[[Any, Any], Iterable[bytes]]
HOST = "localhost"
#: below which the program is served as well, as a proxy may do.
FOLDER = "/crm"


def program(settings: Settings) -> Wsgi:
    """The program's doors as these settings make them. What is checked touches no database and says nothing."""

    def nothing(event: Incoming) -> Json:
        raise AssertionError(f"dispatched {event}")

    works = Works(connect("sqlite:///never.db", Keyring.derived("nothing is sealed")), app.now, settings)
    found = (feishu.platform(settings.feishu), dingtalk.platform(settings.dingtalk, works))
    return web.create({each.name: each for each in found if each}, nothing, works).wsgi_app


class Silent(WSGIRequestHandler):
    """What it logs after its answer would come into the next test."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class Front:
    """What stands before the program: `asked` has every path, `instead` answers in its place."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self._key = make_ssl_devcert(str(folder / "front"), host=HOST)
        self.program: Wsgi | None = None
        self.instead: Wsgi | None = None
        self.asked: list[str] = []
        self.safe = self.plain = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(FOLDER)
        answering = self.instead or self.program
        assert answering
        return answering(environ, start_response)

    @contextmanager
    def standing(self) -> Iterator[Front]:
        """It serves while the block lasts, at `safe` and at `plain`."""
        with ExitStack() as open_ones:
            safe, plain = (self._serve(open_ones, tls) for tls in ((self.certificate, self._key), None))
            self.safe, self.plain = f"https://{HOST}:{safe.port}", f"http://{HOST}:{plain.port}"
            yield self

    def _serve(self, open_ones: ExitStack, tls: tuple[str, str] | None) -> BaseWSGIServer:
        server = make_server("127.0.0.1", 0, self, threaded=True, ssl_context=tls, request_handler=Silent)
        server.log = lambda *_: None  # type: ignore[method-assign]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        open_ones.callback(server.server_close)
        open_ones.callback(serving.join)
        open_ones.callback(server.shutdown)
        return server
