"""The HTTP under a stand-in of a platform: threads, keep-alive, latency, and calls that go wrong to order."""

from __future__ import annotations

import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as it arrived; the names of the headers in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    asked: tuple[tuple[str, str], ...] = ()  # the query as it came, for names that stand there several times


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call, see `Served.fail_next`."""

    path: str
    status: int | None
    code: Any
    delay: float
    drop: bool
    done: bool
    empty: bool = False

    @property
    def fails(self) -> bool:
        return self.drop or self.code is not None or self.status is not None


class Served(ABC):
    """A server on 127.0.0.1 while its `with` lasts; a subclass says what is `worked` and what is `refused`.

    `port=0` takes a free one. `latency` is seconds before each answer. `calls` counts every request, refused ones too.
    """

    spoilt_path: ClassVar[str] = "/"

    def __init__(self, port: int = 0, latency: float = 0.0) -> None:
        self.latency = latency
        self.calls = 0
        self._faults: list[Fault] = []
        self._changed = threading.Condition()
        self._stopped, self._flowing = threading.Event(), threading.Event()
        self._flowing.set()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopped.set()
        self._flowing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def worked(self, call: Call) -> Answer:
        """The platform's answer where nothing goes wrong."""

    @abstractmethod
    def refused(self, code: Any, status: int) -> Answer:
        """The platform's answer with an error code of its own."""

    def fail_next(
        self,
        n: int = 1,
        *,
        status: int | None = None,
        code: int | str | None = None,
        delay: float = 0.0,
        drop: bool = False,
        done: bool = False,
        empty: bool = False,
        path: str | None = None,
    ) -> None:
        """Spoil the next `n` calls whose path contains `path` (`spoilt_path` if none is given), earlier orders first.

        `code` answers with the platform's JSON, `status` alone with a gateway's HTML, or with nothing where `empty`,
        `drop` hangs up; `delay` waits so many seconds first. `done` does the work, then spoils the answer.
        """
        with self._changed:
            self._faults += [Fault(path or self.spoilt_path, status, code, delay, drop, done, empty)] * n

    def mend(self) -> None:
        """Nothing is spoilt any more."""
        with self._changed:
            self._faults.clear()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Calls are counted, but neither worked nor answered before the block ends."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def answer(self, call: Call) -> Answer | None:
        """The response to a call; None = hang up."""
        fault = self._counted(call)
        self._stopped.wait(self.latency + (fault.delay if fault else 0.0))
        self._flowing.wait()
        if fault is None or not fault.fails:
            return self.worked(call)
        if fault.done:
            self.worked(call)
        return self._spoiled(fault)

    def _counted(self, call: Call) -> Fault | None:
        with self._changed:
            self.calls += 1
            fault = next((each for each in self._faults if each.path in call.path), None)
            if fault:
                self._faults.remove(fault)
            return fault

    def _spoiled(self, fault: Fault) -> Answer | None:
        if fault.drop:
            return None
        if fault.code is None:
            page = b"" if fault.empty else b"<html>bad gateway</html>"
            return Answer(page, fault.status or 502, {"Content-Type": "text/html"})
        return self.refused(fault.code, fault.status or 400)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for the answers under way
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], api: Served) -> None:
        super().__init__(address, _Handler)
        self.api = api
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Cut the connections that clients keep alive."""
        for each in list(self._open):
            _cut(each)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # clients go away, that is no error of ours
            super().handle_error(request, client_address)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    server: _Server

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = tuple(parse_qsl(url.query))
        call = Call(self.command, url.path, dict(asked), headers, raw, asked)
        answer = self.server.api.answer(call)
        if answer is None:
            self.close_connection = True
            _cut(self.connection)
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a test reads `api.calls`, a person reads the messages."""
