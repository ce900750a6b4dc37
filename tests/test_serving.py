"""What really listens: requests that two servers could read in two ways are refused, and nothing hangs or leaks."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
import requests

from conftest import SECRET
from models import links
from models.tables.sealed import Keyring
from process import Outside
from standins.feishu_api import FeishuApi
from world import APP, APP_SECRET, Feishu

pytestmark = pytest.mark.slow
DOOR = "/feishu/events"
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"0\r\n\r\n"
TOKEN = links.token(Keyring.derived(SECRET), links.FORM, "A" * 22)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """One for all of these, as people start it; what the environment asks of gunicorn is not heard."""
    folder = tmp_path_factory.mktemp("served")
    with FeishuApi(APP.app_id, APP_SECRET) as api, pytest.MonkeyPatch.context() as patched:
        patched.setenv("GUNICORN_CMD_ARGS", "--access-logfile -")
        patched.setenv("FORWARDED_ALLOW_IPS", "*")
        made = Outside(folder / "program", f"sqlite:///{folder}/keban.db", Feishu(api))
        try:
            made.start()
            yield made
            made.stop()
        finally:
            made.close()


def raw(program: Outside, sent: bytes) -> bytes:
    """Everything that is answered on one connection until it is closed."""
    with socket.create_connection(("127.0.0.1", program.port), timeout=10) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        got = b""
        while piece := wire.recv(65536):
            got += piece
    return got


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def post(*headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join((f"POST {DOOR} HTTP/1.1", "Host: localhost", *headers, "", "")).encode() + body


AMBIGUOUS = {
    "both lengths": post(f"Content-Length: {len(CHUNKED)}", "Transfer-Encoding: chunked", body=CHUNKED + HIDDEN),
    "both lengths the other way round": post("Transfer-Encoding: chunked", "Content-Length: 5", body=CHUNKED + HIDDEN),
    "two lengths": post("Content-Length: 0", f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
    "two lengths in one": post(f"Content-Length: 0, {len(HIDDEN)}", body=HIDDEN),
    "a length with a sign": post("Content-Length: +0", body=HIDDEN),
    "chunked twice": post("Transfer-Encoding: chunked, chunked", body=CHUNKED + HIDDEN),
    "chunked and something after": post("Transfer-Encoding: chunked, identity", body=CHUNKED + HIDDEN),
    "an unknown coding": post("Transfer-Encoding: xchunked", body=CHUNKED + HIDDEN),
    "a space before the colon": post("Transfer-Encoding : chunked", body=CHUNKED + HIDDEN),
    "a folded header": post("X-A: 1\r\n Transfer-Encoding: chunked", body=CHUNKED + HIDDEN),
    "a length of a chunk that is none": post("Transfer-Encoding: chunked", body=b"0x0\r\n\r\n" + HIDDEN),
    "a bare line feed": b"POST /feishu/events HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n" + HIDDEN,
    "chunked in HTTP/1.0": post("Transfer-Encoding: chunked", body=CHUNKED + HIDDEN).replace(
        b"HTTP/1.1", b"HTTP/1.0", 1
    ),
}


@pytest.mark.parametrize("path", [f"/form/{TOKEN}", "/metrics", DOOR])
def test_a_body_that_is_broken_is_refused(program: Outside, path: str) -> None:
    broken = post("Transfer-Encoding: chunked", "Content-Type: application/x-www-form-urlencoded", body=b"zz\r\n")
    answered = statuses(raw(program, broken.replace(DOOR.encode(), path.encode())))
    assert answered and set(answered) <= {400, 405}, "and what follows is not taken for a request"


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_and_what_is_hidden_in_it_not_carried_out(
    program: Outside, name: str
) -> None:
    answer = raw(program, AMBIGUOUS[name])
    assert statuses(answer) in ([400], [501]) and b"ok\n" not in answer, answer


def test_what_can_be_read_in_one_way_is_answered_one_after_the_other(program: Outside) -> None:
    for length in (("Content-Length: 2", b"{}"), ("Transfer-Encoding: chunked", b"2\r\n{}\r\n" + CHUNKED)):
        answer = raw(program, post(length[0], body=length[1] + HIDDEN))
        assert statuses(answer)[0] == 401, answer
        assert statuses(answer) in ([401], [401, 200]), answer


def test_too_much_of_a_header_is_refused(program: Outside) -> None:
    get = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    for asked in (
        get + "X: " + "a" * 9000 + "\r\n\r\n",
        get + "X: a\r\n" * 200 + "\r\n",
        get.replace("/healthz", "/" + "a" * 5000) + "\r\n",
    ):
        assert statuses(raw(program, asked.encode()))[0] in (400, 414, 431)
    assert requests.get(f"http://127.0.0.1:{program.port}/healthz", timeout=10).text == "ok\n"


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "Script-Name"])
def test_no_header_changes_where_a_request_goes(program: Outside, name: str) -> None:
    """gunicorn would believe some of them to this machine, where a proxy stands."""
    for value in ("/playground", "/healthz", "/"):
        got = requests.get(f"http://127.0.0.1:{program.port}/healthz", headers={name: value}, timeout=10)
        assert (got.status_code, got.text) == (200, "ok\n"), value


def test_no_link_stands_in_what_the_program_writes_even_if_it_is_asked_for_in_a_broken_way(program: Outside) -> None:
    path = f"/form/{TOKEN}"
    assert requests.get(f"http://127.0.0.1:{program.port}{path}", timeout=10).status_code == 404
    for line in (f"GET {path}", f"GET {path} HTTP/9.9", f"G\x01T {path} HTTP/1.1"):
        answer = raw(program, f"{line}\r\nHost: localhost\r\n\r\n".encode())
        assert statuses(answer) and statuses(answer)[0] < 500
    written = program.said() + program.complaints()
    assert "/form/…" in written and TOKEN not in written and TOKEN[22:] not in written
    assert all(isinstance(json.loads(line), dict) for line in program.complaints().splitlines())
    assert '"GET /' not in program.said(), "an access log"
