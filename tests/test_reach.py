"""`app.py doctor` asks the running program by its public address what a platform would ask, and reads the answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

import app
from bot import config
from bot.dingtalk import verify
from bot.doctor import Doctor
from front import FOLDER, Front, Wsgi, program
from standins import feishu_says
from standins.dingtalk_api import CLIENT_ID
from standins.dingtalk_says import AES_KEY, TOKEN
from test_doctor import HIDDEN, Changes, Practice, ding, fly, front, practice, ready, standing

__all__ = ["ding", "fly", "front", "practice", "ready", "standing"]  # fixtures

PATHS = ["/feishu/events", "/feishu/cards", "/dingtalk/events"]
#: nothing of what the other side says is repeated.
PAGE = f"<html>{HIDDEN}</html>"
UNSIGNED = {"feishu": {"encrypt_key": "", "verification_token": f"{HIDDEN}-token"}}
BOTH = {"feishu": {"verification_token": f"{HIDDEN}-token"}}


def callbacks(said: str) -> list[tuple[str, str]]:
    """The sign of each finding on callbacks, and what it says after the address."""
    lines = [line for line in said.splitlines() if "回调：http" in line]
    return [(line[0], line.split(" ", 2)[2]) for line in lines]


@pytest.mark.parametrize("changes", [{}, UNSIGNED, BOTH], ids=["sealed", "unsigned", "both"])
@pytest.mark.parametrize("safe", [True, False])
def test_what_is_reached_and_answers_right_is_well(
    practice: Practice, front: Front, changes: dict[str, Changes], safe: bool
) -> None:
    base = front.safe if safe else f"{front.plain}{FOLDER}"
    status, said = practice.visit(server={"base_url": base}, **changes)
    assert status == 0 and callbacks(said) == [("✓", "到得了，答得对")] * 3
    assert [line.split()[1].split("：")[1] for line in said.splitlines() if "回调" in line] == [base + x for x in PATHS]
    assert front.asked == [path if safe else FOLDER + path for path in PATHS]
    assert safe or "! 网址：base_url 是 http://" in said


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"server": {"base_url": ""}}, []),
        ({"feishu": {"encrypt_key": ""}}, PATHS[2:]),
        ({"dingtalk": {"aes_key": ""}}, PATHS[:2]),
        ({"dingtalk": {"aes_key": AES_KEY[:42]}}, PATHS[:2]),
        ({"dingtalk": {"token": ""}}, PATHS[:2]),
        ({"feishu": {"app_id": ""}, "dingtalk": {"client_id": ""}}, []),
    ],
)
def test_where_no_address_is_or_only_the_long_connection_is_used_nothing_is_asked(
    practice: Practice, front: Front, changes: dict[str, Changes], asked: list[str]
) -> None:
    _, said = practice.visit(**changes)
    assert front.asked == asked and len(callbacks(said)) == len(asked)


def test_it_is_asked_as_the_platforms_ask(practice: Practice, front: Front) -> None:
    seen: list[Request] = []
    told: list[bytes] = []

    def noting(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(request := Request(environ))
        told.append(request.get_data())
        return Response(status=404)(environ, start_response)

    front.instead = noting
    for _ in range(2):
        practice.visit(**BOTH)
    key = f"{HIDDEN}-encrypt"
    challenges = set()
    for asked, body in zip(seen, told, strict=True):
        assert asked.method == "POST" and asked.mimetype == "application/json"
        if asked.path.startswith("/feishu"):
            stamp, nonce = (asked.headers[f"X-Lark-Request-{name}"] for name in ("Timestamp", "Nonce"))
            assert asked.headers["X-Lark-Signature"] == feishu_says.signature(stamp, nonce, key, body)
            plain = json.loads(feishu_says.decrypt(json.loads(body)["encrypt"], key))
            challenges.add(plain.pop("challenge"))
            assert plain == {"token": f"{HIDDEN}-token", "type": "url_verification"}
            assert abs(int(stamp) - time.time()) < 60
        else:
            settings = config.load(str(practice.file)).dingtalk
            assert verify.subscription(settings, asked.args, body) == {"EventType": "check_url"}
    assert len(challenges) == 4, "each time another one"


OTHER_KEYS: dict[str, tuple[dict[str, Changes], list[str]]] = {
    "encrypt_key": ({"feishu": {"encrypt_key": "another"}}, ["✗", "✗", "✓"]),
    "no encrypt_key": ({"feishu": {"encrypt_key": "", "verification_token": "another"}}, ["✗", "✗", "✓"]),
    "verification_token": ({"feishu": {"verification_token": "another"}}, ["✗", "✗", "✓"]),
    "aes_key": ({"dingtalk": {"aes_key": AES_KEY[::-1]}}, ["✓", "✓", "✗"]),
    "token": ({"dingtalk": {"token": TOKEN[::-1]}}, ["✓", "✓", "✗"]),
    "client_id": ({"dingtalk": {"client_id": CLIENT_ID[::-1]}}, ["✓", "✓", "✗"]),
}


@pytest.mark.parametrize("case", OTHER_KEYS)
def test_a_program_that_runs_with_other_keys_has_to_be_started_again(
    practice: Practice, front: Front, case: str
) -> None:
    changes, signs = OTHER_KEYS[case]
    practice.write(changes)
    front.instead = program(config.load(str(practice.file)))
    status, said = practice.visit(**BOTH)
    found = callbacks(said)
    assert status == 1 and [sign for sign, _ in found] == signs
    wrong = {says for sign, says in found if sign == "✗"}
    assert all(says.startswith("答的是 40") and "密钥和正在运行的程序的不一样" in says for says in wrong), wrong


def slowly(environ: Any, start_response: Any) -> Any:
    time.sleep(0.6)
    return Response()(environ, start_response)


def cut(environ: Any, start_response: Any) -> Any:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return []


def page(status: int, body: str = PAGE) -> Response:
    return Response(body, status, content_type="text/html", headers={"Location": f"https://{HIDDEN}.example/"})


WRONG: dict[str, tuple[Wsgi, str]] = {
    "moved": (page(301), "答的是 301，被转到别的网址，平台不会跟着去；base_url 写成"),
    "damaged": (page(400), "答的是 400，密钥和正在运行的程序的不一样，或请求在路上被改了；"),
    "refused": (page(401), "答的是 401，密钥和正在运行的程序的不一样；重新启动程序"),
    "blocked": (page(403), "答的是 403，不是客伴答的，多半被挡下了；看反向代理和防火墙"),
    "not forwarded": (page(404), "答的是 404，那里没有这个地址；看反向代理转了这个路径没有"),
    "down": (page(502), "答的是 502，程序没有开着，或出了错；"),
    "a page": (page(200), "回答的不是客伴，可能是一个网页；"),
    "empty": (Response(), "回答的不是客伴"),
    "endless": (page(200, "x" * 10_000_000), "回答的不是客伴"),
    "another challenge": (Response('{"challenge": "1"}'), "回答的不是客伴"),
    "slow": (slowly, "连上了，等不到回答；看反向代理转到的端口"),
    "cut off": (cut, "连接断了；看程序开着没有"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_answer_is_named_with_what_to_do(
    practice: Practice, front: Front, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    front.instead, says = WRONG[case]
    practice.write({"server": {"base_url": front.plain}})
    assert Doctor(config.load(str(practice.file)), practice.file, app.now, patience=0.3).report() == 1
    said = capsys.readouterr().out
    assert HIDDEN not in said
    found = callbacks(said)
    assert len(found) == 3 and all(sign == "✗" and told.startswith(says) for sign, told in found), found


def replies(practice: Practice) -> Iterator[tuple[str, Any]]:
    """What looks like the answer of an event and is none."""
    given, sealed = config.load(str(practice.file)).dingtalk, verify.sealed
    other = given.model_copy(update={"client_id": CLIENT_ID[::-1]})
    right = sealed(given, b"success", app.now())
    yield "✓", right
    yield "✗", sealed(given, b"fail", app.now())
    yield "✗", sealed(other, b"success", app.now())
    yield "✗", right | {"msg_signature": "0" * 40}
    yield "✗", right | {"timeStamp": int(right["timeStamp"])}
    yield "✗", {"encrypt": right["encrypt"]}
    yield "✗", "success"


def test_only_a_signed_and_sealed_success_is_dingtalks_right_answer(practice: Practice, front: Front) -> None:
    practice.write({})
    for sign, reply in [*replies(practice)]:
        front.instead = Response(json.dumps(reply))
        _, said = practice.visit()
        assert callbacks(said)[2][0] == sign, reply


def nobody(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, HIDDEN)


UNREACHABLE = {
    "no name": "域名解析不了；看 base_url 写对没有",
    "nobody listens": "那里没有程序在听；看反向代理和程序开着没有",
    "no certificate": "证书不被承认；看过期没有",
    "no TLS": "证书不被承认；看过期没有",
    "proxy": "这台机器上设的代理不让过；",
    "no address": "网址写法不对；看 base_url",
}


@pytest.mark.parametrize("case", UNREACHABLE)
def test_what_cannot_be_reached_is_named_with_what_to_do(
    practice: Practice, front: Front, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    base = front.safe
    match case:
        case "no name":
            monkeypatch.setattr(socket, "getaddrinfo", nobody)
        case "nobody listens":
            base = "https://localhost:9"
        case "no certificate":
            monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        case "no TLS":
            base = front.plain.replace("http:", "https:")
        case "proxy":
            monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        case "no address":
            base = f"https://{'x' * 64}.example"
    status, said = practice.visit(server={"base_url": base})
    found = callbacks(said)
    assert status == 1 and front.asked == []
    assert len(found) == 3 and all(sign == "✗" and says.startswith(UNREACHABLE[case]) for sign, says in found), found
