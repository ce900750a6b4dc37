"""The WebSocket under a stand-in's long connection: a real server on this machine, with silence and cuts to order."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

MESSAGES = (Opcode.TEXT, Opcode.BINARY)


class Connection:
    """One client's connection. While `silent` it takes everything and says nothing, as one that is half dead."""

    def __init__(self, there: socket.socket) -> None:
        self._socket, self._protocol, self._lock = there, ServerProtocol(), threading.Lock()
        self.silent = False
        self.pings = 0
        self.goodbye = False  # the client closed it in the proper way

    def send(self, message: str | bytes) -> None:
        """Say something; nothing happens where the connection has gone or is about to."""
        with self._lock, contextlib.suppress(OSError, InvalidState):
            if isinstance(message, str):
                self._protocol.send_text(message.encode())
            else:
                self._protocol.send_binary(message)
            self._flush()

    def drip(self, message: str, pause: float) -> None:
        """Say something in two halves, as a network does."""
        with self._lock:
            self._protocol.send_text(message.encode())
            (raw,) = self._protocol.data_to_send()
            for half in (raw[: len(raw) // 2], raw[len(raw) // 2 :]):
                self._socket.sendall(half)
                time.sleep(pause)

    def cut(self) -> None:
        """Hang up without a word."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def run(self, gateway: Gateway) -> None:
        """Serve this client until it has gone."""
        with contextlib.suppress(OSError), self._socket:
            while raw := self._socket.recv(65536):
                with self._lock:
                    self._protocol.receive_data(raw)
                    events = self._protocol.events_received()
                    self._flush()
                for event in events:
                    self._happened(event, gateway)

    def _happened(self, event: object, gateway: Gateway) -> None:
        match event:
            case Request():
                self._knocked(event, gateway)
            case Frame(opcode=opcode, data=data, fin=True) if opcode in MESSAGES:
                gateway.heard(self, bytes(data))
            case Frame(opcode=Opcode.PING):
                self.pings += 1
            case Frame(opcode=Opcode.CLOSE):
                self.goodbye = True

    def _knocked(self, request: Request, gateway: Gateway) -> None:
        let_in = gateway.admits(request.path)
        with self._lock:
            response = self._protocol.accept(request) if let_in else self._protocol.reject(401, "no")
            self._protocol.send_response(response)
            self._flush()
        if let_in:
            gateway.joined(self)
        else:
            self.cut()

    def _flush(self) -> None:
        for raw in self._protocol.data_to_send():
            if not raw:
                self.cut()
            elif not self.silent:
                self._socket.sendall(raw)


class Gateway(ABC):
    """A WebSocket server on 127.0.0.1 while its `with` lasts; a subclass says who `admits` and what was `heard`.

    `connections` are those that came in, also those that went since; `problems` everything that broke the protocol.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.connections: list[Connection] = []
        self.living: list[Connection] = []
        self.problems: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @abstractmethod
    def admits(self, path: str) -> bool:
        """Whether a client that asks for this path is let in."""

    @abstractmethod
    def heard(self, connection: Connection, message: bytes) -> None:
        """A message of the client's."""

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for each in self.living:
            each.cut()
        for thread in self._threads:
            thread.join(5)
        self._listening.close()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._listening.getsockname()[1]}"

    def joined(self, connection: Connection) -> None:
        with self.changed:
            self.connections.append(connection)
            self.living.append(connection)
            self.changed.notify_all()

    def connected(self, times: int = 1) -> Connection:
        """The newest connection, once there have been so many."""
        self.wait(lambda: len(self.connections) >= times and bool(self.living), f"{times} connections")
        return self.living[-1]

    def wait(self, until: Callable[[], object], what: str, seconds: float = 10.0) -> None:
        """Wait for something that a message or a connection brings."""
        end = time.monotonic() + seconds
        with self.changed:
            while not until():
                assert self.changed.wait(end - time.monotonic()), f"waited {seconds} s for {what}; {self.problems}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                there, _ = self._listening.accept()
                self._begin(self._serve, Connection(there))

    def _serve(self, connection: Connection) -> None:
        connection.run(self)
        with self.changed:
            if connection in self.living:
                self.living.remove(connection)
            self.changed.notify_all()

    def _begin(self, call: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=call, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()
