"""A long connection to a platform: opened anew whenever it ends, watched, its frames worked on side by side."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

import websocket
from websocket import ABNF, WebSocket, WebSocketBadStatusException, WebSocketException, WebSocketTimeoutException

from bot.doors import Dispatch, taken
from bot.platform import Door, Forged, Json, SendError
from bot.remedies import remedy
from cards.labels import PLATFORMS
from models import health
from models.errors import Unavailable
from models.work import Works

log = logging.getLogger(__name__)

Said = str | bytes
#: seconds for the handshake, and for one look whether a frame has come or the program stops.
OPENS, LOOKS = 10.0, 0.5
#: where Feishu says why it refuses a handshake (its protocol §5); DingTalk says nothing.
HANDSHAKE = ("handshake-status", "handshake-autherrcode")


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame, understood: what is said to it at once, or once `work` is done; `ends`: the other side says goodbye."""

    say: Said | None = None
    work: Callable[[], Said] | None = None
    ends: bool = False


class Talk(Protocol):
    """How one platform speaks over one connection. Its methods are called by one thread, `work` by others."""

    url: str

    def hear(self, frame: bytes) -> Heard:
        """What a frame asks for. Raises Forged for one that cannot be read."""
        ...

    def due(self) -> Said | None:
        """What has to be said by itself now; asked at least every `LOOKS` seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds.

    After `silence` a connection is given up; we ping, so a living one is never silent. One that stood for `steady` is
    followed by the next at once, one that did not after a pause that doubles from `pause` to `longest`. `ending` is how
    long work in hand may take to end. While it stands it leaves a sign of life every `beat`.
    """

    silence: float = 60.0
    ping: float = 20.0
    steady: float = 30.0
    pause: float = 1.0
    longest: float = 60.0
    ending: float = 8.0
    beat: float = 10.0


class Broken(Exception):
    """The connection is of no use any more."""


def answered(door: Door, proven: Callable[[], Json], dispatch: Dispatch) -> tuple[int, Json]:
    """As the same payload is answered at its door, a defect of ours with 500: the status, and the answer not wrapped.

    The connection itself is the proof of who speaks, so `proven` only reads.
    """
    try:
        return taken(door, proven, dispatch)
    except Exception:
        log.exception("a frame failed")
        return 500, {}


def as_safe(url: str, base: str) -> str:
    """`url`, where it is spoken to as privately as `base`, the API that named it. Raises SendError."""
    if base.startswith("https:") and not url.startswith("wss:"):
        raise SendError("the address of the long connection is one without TLS", "never")
    return url


def alive(works: Works, name: str) -> Callable[[bool], None]:
    """What leaves the sign of life of a platform's long connection, and takes it back (O5). It raises Unavailable."""
    signs = {True: health.beat, False: health.leave}
    return lambda stands: works.perform(lambda work: signs[stands](work, health.STREAM + name), channel="stream")


class Stream:
    """Stays connected. `open` gives the talk of a new connection, or raises SendError; `threads` frames at a time.

    `beat` is called with true while it is connected, and with false when it was told to end, by a thread that nothing
    else waits for.
    """

    def __init__(
        self, name: str, open: Callable[[], Talk], threads: int, beat: Callable[[bool], None], pace: Pace | None = None
    ) -> None:
        self._name, self._open, self._pace = name, open, pace or Pace()
        self._beats = Beats(name, beat, self._pace.beat)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"{name}-frame")

    def run(self, stop: threading.Event) -> None:
        """Receive until `stop`; then work in hand ends, and its answers go out."""
        failures = 0
        self._beats.begin()  # from now on it is missed where it does not stand
        while not stop.is_set():
            began = time.monotonic()
            self._once(stop)
            failures = 0 if time.monotonic() - began >= self._pace.steady else failures + 1
            stop.wait(_pause(self._pace, failures))
        self._beats.end()
        self._pool.shutdown()  # also what an earlier connection brought
        self._beats.ended()

    def _once(self, stop: threading.Event) -> None:
        """One connection; whatever ends it is said in the log."""
        try:
            self._connected(stop)
        except SendError as no:
            where = PLATFORMS[self._name]
            log.warning("%s的长连接没有接上，%s；会自己再试（%s）", where, remedy(self._name, no), no)
        except (Broken, WebSocketException, OSError, ValueError) as why:
            log.warning("%s stream: %s", self._name, _reason(why))
        except Exception:
            log.exception("%s stream: a connection failed", self._name)

    def _connected(self, stop: threading.Event) -> None:
        talk = self._open()
        line = Line(_connect(talk.url), self._pool, self._pace)
        log.info("%s stream: connected", self._name)
        self._beats.begin()
        try:
            while not stop.is_set() and not self._turn(talk, line):
                self._beats.due()
        except BaseException:
            line.drop()
            raise
        if stop.is_set():
            self._beats.end()  # first: what is in hand may take longer than this process has
            line.leave()
        else:  # the next connection does not wait for this one's work
            log.info("%s stream: the platform ends the connection", self._name)
            threading.Thread(target=line.leave, daemon=True).start()

    def _turn(self, talk: Talk, line: Line) -> bool:
        """Read a frame, if one has come, and do what it asks for; whether it was the last."""
        frame = line.read()
        if (own := talk.due()) is not None:
            line.say(own)
        if frame is None:
            return False
        try:
            heard = talk.hear(frame)
        except Forged as no:
            log.warning("%s stream: a frame was left alone: %s", self._name, no)
            return False
        if heard.say is not None:
            line.say(heard.say)
        if heard.work is not None:
            line.work(heard.work)
        return heard.ends


class Beats:
    """Signs of life, left beside: while the database is away a frame waits for nothing, and one sign at most hangs."""

    def __init__(self, name: str, beat: Callable[[bool], None], every: float) -> None:
        self._name, self._beat, self._every = name, beat, every
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-beat")
        self._under_way: Future[None] | None = None
        self._at, self._over = float("-inf"), False

    def begin(self) -> None:
        """The stream begins, or a connection stands: a sign is left at once."""
        self._at = float("-inf")
        self.due()

    def due(self) -> None:
        """Leave one where it is time; asked for as long as the connection stands, and only then."""
        if time.monotonic() < self._at or (self._under_way and not self._under_way.done()):
            return
        self._at = time.monotonic() + self._every
        self._under_way = self._pool.submit(self._leave, stands=True)

    def _leave(self, *, stands: bool) -> None:
        try:
            self._beat(stands)
        except Unavailable as away:
            log.warning("%s stream: no sign of life was left: %s", self._name, away)
        except Exception:
            log.exception("%s stream: no sign of life was left", self._name)

    def end(self) -> None:
        """None stands any more, and nobody misses it; what is in hand does not wait for that."""
        if not self._over:
            self._over = True
            self._pool.submit(self._leave, stands=False)

    def ended(self) -> None:
        """Wait for the last; a process that ends does not wait for one that hangs."""
        self._pool.shutdown()


class Line:
    """One connection and the work that it brought."""

    def __init__(self, socket: WebSocket, pool: ThreadPoolExecutor, pace: Pace) -> None:
        self._socket, self._pool, self._pace = socket, pool, pace
        self._in_hand: set[Future[None]] = set()
        self._heard = self._pinged = time.monotonic()
        self._broken = threading.Event()

    def read(self) -> bytes | None:
        """The next frame; None where none has come yet. Raises Broken, WebSocketException and OSError."""
        if self._broken.is_set():
            raise Broken("an answer did not go out")
        self._ping()
        try:
            kind, frame = self._socket.recv_data(control_frame=True)
        except WebSocketTimeoutException:  # only now: what waited while this process slept was heard
            if time.monotonic() - self._heard >= self._pace.silence:
                raise Broken(f"nothing was heard for {self._pace.silence:g} s") from None
            return None
        self._heard = time.monotonic()
        if kind == ABNF.OPCODE_CLOSE:
            raise Broken("closed by the platform")
        return bytes(frame) if kind in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY) else None

    def _ping(self) -> None:
        if time.monotonic() - self._pinged >= self._pace.ping:
            self._pinged = time.monotonic()
            self._socket.ping()

    def say(self, said: Said) -> None:
        """Raises WebSocketException and OSError."""
        self._socket.send(said, ABNF.OPCODE_TEXT if isinstance(said, str) else ABNF.OPCODE_BINARY)

    def work(self, work: Callable[[], Said]) -> None:
        """Let it be done beside, and say what comes of it."""
        task = self._pool.submit(self._answer, work)
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)

    def _answer(self, work: Callable[[], Said]) -> None:
        """An answer that does not go out makes the platform deliver again, and a delivery is carried out once."""
        said = work()
        try:
            self.say(said)
        except (WebSocketException, OSError) as why:
            log.warning("an answer did not go out: %s", _reason(why))
            self._broken.set()

    def leave(self) -> None:
        """Let work in hand end and its answers go out, then say goodbye."""
        wait(list(self._in_hand), self._pace.ending)
        self._socket.close(timeout=1)

    def drop(self) -> None:
        """Close without a word; answers to work in hand go nowhere."""
        self._socket.shutdown()  # type: ignore[no-untyped-call]


def _connect(url: str) -> WebSocket:
    socket = websocket.create_connection(url, timeout=OPENS, redirect_limit=0, suppress_origin=True)
    socket.settimeout(LOOKS)
    return socket


def _pause(pace: Pace, failures: int) -> float:
    """None after a connection that stood; else up to twice as long each time, and never the same for everybody."""
    if not failures:
        return 0.0
    return min(pace.longest, pace.pause * 2.0 ** min(failures - 1, 16)) * random.uniform(0.5, 1.0)  # noqa: S311


def _reason(why: Exception) -> str:
    """Without the words of a library: an address with its ticket may stand in them."""
    if isinstance(why, Broken):
        return str(why)
    if isinstance(why, WebSocketBadStatusException):
        told = why.resp_headers or {}
        codes = ["status", str(why.status_code), *(told[name] for name in HANDSHAKE if name in told)]
        return f"the handshake was refused, {' '.join(codes)}"
    return type(why).__name__
