"""DingTalk's three ways in are proven before they are read: known answers, damage of every kind, and fuzz."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest

from bot.dingtalk.verify import card, decrypt, robot, sealed, subscription
from bot.platform import Forged
from dingtalk_made import (
    AES_KEY,
    CARD_SECRET,
    CLIENT,
    CORP,
    EVENT,
    MESSAGE,
    NOW,
    PRESS,
    ROBOT,
    SECRET,
    TOKEN,
    VECTORS,
    Sealed,
    bare,
    card_refusal,
    card_signed,
    encrypt,
    event,
    event_refusal,
    frame,
    moment,
    named,
    opened,
    padded,
    queried,
    raw,
    robot_refusal,
    settings,
    sha1,
    signed,
)

HOUR, INSTANT = timedelta(hours=1), timedelta(milliseconds=1)


@named("known_answers")
def test_a_published_known_answer_is_opened(vector: dict[str, Any]) -> None:
    keys, query, text = vector["keys"], vector["query"], vector["body"]["encrypt"]
    assert query["signature"] == sha1(keys["token"], query["timestamp"], query["nonce"], text)
    assert decrypt(keys["aes_key"], text) == (vector["plain"].encode(), keys["client_id"].encode())
    if vector["plain"] == "success":  # a reply, which is no event
        assert event_refusal(bare(**keys), query, raw(vector["body"])).status == 400
    else:
        assert subscription(bare(**keys), query, raw(vector["body"])) == json.loads(vector["plain"])


@named("events")
@pytest.mark.parametrize("names", [("signature", "timestamp"), ("msg_signature", "timeStamp")])
def test_a_genuine_event_is_accepted_however_its_query_is_spelled(vector: dict[str, Any], names: Any) -> None:
    given = vector["query"]
    query = {names[0]: given["signature"], names[1]: given["timestamp"], "nonce": given["nonce"]}
    configured = bare(**vector["keys"], corp_id="dingcorp0001")
    for each in (given, query):
        assert subscription(configured, each, raw(vector["body"])) == json.loads(vector["plain"])


@named("events")
def test_our_reply_is_the_expected_one_and_opens_with_the_known_answers_algorithm(vector: dict[str, Any]) -> None:
    keys, reply = vector["keys"], vector["reply"]
    when, random16 = moment(1000 * int(reply["body"]["timeStamp"])), reply["random16"].encode()
    assert sealed(bare(**keys), b"success", when, random16, reply["body"]["nonce"]) == reply["body"]
    assert opened(keys["aes_key"], reply["body"]["encrypt"]) == reply["plain"].encode()


def test_every_reply_is_made_with_its_own_chance() -> None:
    one, other = (sealed(settings(), b"success", NOW) for _ in range(2))
    for reply in (one, other):
        assert list(reply) == ["msg_signature", "timeStamp", "nonce", "encrypt"]
        assert opened(AES_KEY, reply["encrypt"]) == b"success"
        assert reply["msg_signature"] == sha1(TOKEN, reply["timeStamp"], reply["nonce"], reply["encrypt"])
    assert one["timeStamp"] == "1700000000"
    assert one["nonce"] != other["nonce"] and one["encrypt"] != other["encrypt"]
    with pytest.raises(Forged):
        sealed(settings(aes_key=""), b"success", NOW)


@named("event_negatives")
def test_a_forged_or_damaged_event_is_refused(vector: dict[str, Any]) -> None:
    error = event_refusal(bare(**vector["keys"]), vector["query"], raw(vector["body"]))
    assert error.status == vector["status"] and vector["reason"] in str(error)


@named("messages")
@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_a_genuine_message_is_accepted_for_an_hour(vector: dict[str, Any], case: Any) -> None:
    headers, body = {case(name): value for name, value in vector["headers"].items()}, vector["body"].encode()
    ours = bare(client_secret=vector["client_secret"], corp_id="dingcorp0001", robot_code="dingcrmappkey0001")
    assert robot(ours, headers, body, moment(vector["accept_ms"])) == json.loads(body)
    assert robot_refusal(ours, headers, body, moment(vector["reject_ms"])).status == 401


def test_a_changed_body_is_accepted_since_the_platform_does_not_sign_it() -> None:
    """The protocol signs the time and nothing else: a secret path, HTTPS and claimed message ids do the rest."""
    vector = VECTORS["message_tampered"]
    ours = bare(client_secret=VECTORS["messages"][0]["client_secret"], corp_id=CORP, robot_code=ROBOT)
    assert robot(ours, vector["headers"], vector["body"].encode(), NOW) == json.loads(vector["body"])


@named("message_negatives")
def test_a_forged_message_is_refused(vector: dict[str, Any]) -> None:
    ours, body = bare(client_secret=VECTORS["messages"][0]["client_secret"]), raw(MESSAGE)
    assert robot(ours, VECTORS["messages"][0]["headers"], body, NOW) == MESSAGE
    assert robot_refusal(ours, vector["headers"], body).status == 401


@named("cards")
@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_a_genuine_press_is_accepted_with_the_right_secret(vector: dict[str, Any], case: Any) -> None:
    headers, body = {case(name): value for name, value in vector["headers"].items()}, vector["body"].encode()
    ours, then = bare(card_secret=vector["card_secret"], corp_id="dingcorp0001"), moment(1_700_000_400_000)
    assert card(ours, headers, body, then) == json.loads(body)
    assert card_refusal(bare(card_secret="another"), headers, body, then).status == 401


@pytest.mark.parametrize("vector", VECTORS["outgoing"])
def test_the_signature_of_what_a_custom_robot_sends_is_the_same(vector: dict[str, str]) -> None:
    headers = {"timestamp": vector["timestamp"], "sign": vector["sign_base64"]}
    ours, then = bare(client_secret=vector["secret"]), moment(int(vector["timestamp"]))
    assert robot(ours, headers, raw(MESSAGE), then) == MESSAGE
    assert vector["query"] == f"&timestamp={vector['timestamp']}&sign={quote_plus(headers['sign'])}"


@pytest.mark.parametrize("age", [-HOUR, timedelta(0), HOUR])
def test_what_was_signed_within_an_hour_either_way_is_accepted(age: timedelta) -> None:
    beyond = NOW + age + (INSTANT if age > timedelta(0) else -INSTANT)
    assert robot(settings(), signed(), raw(MESSAGE), NOW + age) == MESSAGE
    assert card(settings(), card_signed(), raw(PRESS), NOW + age) == PRESS
    if age:
        assert str(robot_refusal(settings(), signed(), raw(MESSAGE), beyond)) == "signed more than an hour from now"
        assert str(card_refusal(settings(), card_signed(), raw(PRESS), beyond)) == "signed more than an hour from now"


@pytest.mark.parametrize(
    "stamp", ["", "abc", "-1", "+1700000000000", " 1700000000000", "17e11", "1_700_000_000_000", "１７", "9" * 16]
)
def test_what_was_signed_at_no_time_is_refused(stamp: str) -> None:
    assert robot_refusal(settings(), signed(stamp), raw(MESSAGE)).status == 401
    assert card_refusal(settings(), card_signed(stamp), raw(PRESS)).status == 401
    text = frame(raw(EVENT))
    assert event_refusal(settings(), queried(text, stamp), raw({"encrypt": text})).status == 401


def test_without_a_secret_nothing_is_accepted() -> None:
    assert robot_refusal(settings(client_secret=""), signed(secret=""), raw(MESSAGE)).status == 401
    assert card_refusal(settings(card_secret=""), card_signed(secret=""), raw(PRESS)).status == 401
    ours, nobodys = frame(raw(EVENT)), frame(raw(EVENT), owner="")
    assert event_refusal(settings(token=""), queried(ours, token=""), raw({"encrypt": ours})).status == 401
    assert event_refusal(settings(client_id=""), queried(nobodys), raw({"encrypt": nobodys})).status == 401


@pytest.mark.parametrize("value", ["\ud800", "é", "查询", "\0", "\n"])
def test_a_sign_that_no_header_should_hold_is_refused(value: str) -> None:
    for name in ("timestamp", "sign"):
        assert robot_refusal(settings(), signed() | {name: value}, raw(MESSAGE)).status == 401
    for name in card_signed():
        assert card_refusal(settings(), card_signed() | {name: value}, raw(PRESS)).status == 401
    query, body = event(EVENT)
    for name in query:
        assert event_refusal(settings(), query | {name: value}, body).status == 401


@pytest.mark.parametrize("key", ["", "short", AES_KEY + "=", AES_KEY[:-1] + "!", AES_KEY[:-1] + "é", AES_KEY + "\n"])
def test_without_a_whole_aes_key_nothing_sealed_is_accepted(key: str) -> None:
    assert event_refusal(settings(aes_key=key), *event(EVENT)).status == 401
    assert robot_refusal(settings(aes_key=key), signed(), raw({"encrypt": frame(raw(MESSAGE))})).status == 401
    assert robot(settings(aes_key=key), signed(), raw(MESSAGE), NOW) == MESSAGE


@pytest.mark.parametrize(
    ("owner", "kind"),
    [
        ("", "nobody"),
        (CORP, "our corp id"),
        ("suite4xyz", "a suite key"),
        ("ding_other", "another client or corp id"),
        (CLIENT + "x", "another client or corp id"),
        ("é", "an unknown key"),
    ],
)
def test_an_event_sealed_for_somebody_else_is_refused_and_the_kind_of_key_is_told(owner: str, kind: str) -> None:
    assert subscription(settings(), *event(EVENT)) == EVENT
    error = event_refusal(settings(), *event(EVENT, owner))
    assert (str(error), error.status) == (f"sealed for {kind} instead of our client id", 401)


@pytest.mark.parametrize("other", ["somebody else", CORP + "é", 1, True, [CORP], {"a": 1}])
def test_what_names_another_corp_or_robot_is_refused(other: Any) -> None:
    for member in ("chatbotCorpId", "robotCode"):
        assert robot_refusal(settings(), signed(), raw(MESSAGE | {member: other})).status == 401
    assert card_refusal(settings(), card_signed(), raw(PRESS | {"corpId": other})).status == 401
    assert event_refusal(settings(), *event(EVENT | {"CorpId": other})).status == 401


@pytest.mark.parametrize("missing", ["", None])
def test_a_name_that_either_side_lacks_is_not_compared(missing: str | None) -> None:
    message = MESSAGE | {"chatbotCorpId": missing, "robotCode": missing}
    assert robot(settings(), signed(), raw(message), NOW) == message
    assert robot(settings(corp_id="", robot_code=""), signed(), raw(MESSAGE), NOW) == MESSAGE
    assert card(settings(), card_signed(), raw(PRESS | {"corpId": missing}), NOW)["corpId"] == missing
    assert card(settings(corp_id=""), card_signed(), raw(PRESS), NOW) == PRESS
    assert subscription(settings(), *event({"EventType": "check_url"})) == {"EventType": "check_url"}
    assert subscription(settings(corp_id=""), *event(EVENT)) == EVENT


@pytest.mark.parametrize("owner", ["", CLIENT, "anybody"])
def test_a_sealed_message_is_opened_whoever_owns_it(owner: str) -> None:
    body = raw({"encrypt": frame(raw(MESSAGE), owner)})
    assert robot(settings(), signed(), body, NOW) == MESSAGE
    assert robot_refusal(settings(), signed(secret="another"), body).status == 401
    elsewhere = raw({"encrypt": frame(raw(MESSAGE | {"robotCode": "another"}), owner)})
    assert robot_refusal(settings(), signed(), elsewhere).status == 401


def test_only_a_body_that_is_nothing_else_is_taken_for_sealed() -> None:
    assert robot(settings(), signed(), raw(MESSAGE | {"encrypt": "AAAA"}), NOW)["encrypt"] == "AAAA"
    for value in ("AAAA", "not base64!", "查询", None, 1, {"a": 1}):
        assert robot_refusal(settings(), signed(), raw({"encrypt": value})).status == 400


@pytest.mark.parametrize("plain", [b"", b"hello", b"[]", b"null", b'{"a": "\xff"}', b'{"a": "\\u0000"}', b'{"a": NaN}'])
def test_what_is_no_clean_json_object_is_damaged(plain: bytes) -> None:
    assert robot_refusal(settings(), signed(), plain).status == 400
    assert robot_refusal(settings(), signed(), raw({"encrypt": frame(plain)})).status == 400
    assert card_refusal(settings(), card_signed(), plain).status == 400
    assert event_refusal(settings(), *event(plain)).status == 400


BEGINNING = b"R" * 16 + (2).to_bytes(4, "big") + b"{}" + CLIENT.encode()


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"R" * 16,
        BEGINNING + b"\x00" * (64 - len(BEGINNING)),
        BEGINNING + b"\x21" * (64 - len(BEGINNING)),
        BEGINNING + b"\x1b" * (63 - len(BEGINNING)) + b"\x1a",
        BEGINNING.ljust(62, b"x") + b"\x03\x02",
        BEGINNING.ljust(47, b"x") + b"\x01",
        b"\x20" * 32,
        padded(b"R" * 15),
        padded(b"R" * 19),
        padded(b"R" * 16 + (14).to_bytes(4, "big") + b"{}" + b"x" * 11),
        padded(b"R" * 16 + b"\xff\xff\xff\xff{}" + CLIENT.encode()),
    ],
    ids=range(12),
)
def test_a_frame_of_a_wrong_length_or_padding_is_damaged(plain: bytes) -> None:
    text = encrypt(plain)
    error = event_refusal(settings(), queried(text), raw({"encrypt": text}))
    assert (str(error), error.status) == ("body cannot be decrypted", 400)
    assert robot_refusal(settings(), signed(), raw({"encrypt": text})).status == 400


@pytest.mark.parametrize("length", range(27, 92))
def test_every_length_of_padding_is_taken(length: int) -> None:
    payload = {"a": "x" * (length - 20)}
    assert subscription(settings(), *event(payload)) == payload


def test_every_failure_of_an_event_before_its_proof_looks_the_same_so_that_nothing_is_told_to_a_guesser() -> None:
    query, body = event(EVENT)
    unlike = [raw({"encrypt": each}) for each in (frame(b"no json"), frame(b"{}", "x"), "AAAA", "!", "", None, 1)]
    requests: list[Sealed] = [(query, each) for each in (*unlike, b"", b"{}", b"[]", b"\xff")]
    requests += [(query | {name: "x" * 40}, body) for name in query] + [({}, body)]
    assert {(str(error), error.status) for error in (event_refusal(settings(), *each) for each in requests)} == {
        ("signature does not match", 401)
    }


def test_sealed_blocks_cannot_be_moved_into_the_nonce_though_the_signature_still_fits() -> None:
    """What is signed are the parts in order and joined, so that what is cut off here may turn up there."""
    ours, token, stamp, nonce = settings(token="~"), "~", "0", "z"
    texts = (frame(raw({"a": "x" * length})) for length in range(200, 300))
    text = next(text for text in texts if text[:-128] < text[-128:])
    query = queried(text, stamp, nonce, token)
    assert subscription(ours, query, raw({"encrypt": text}))["a"].startswith("xxx")
    for cut in (64, 128):
        short, moved = text[:-cut], text[-cut:] + nonce
        if short < moved:
            assert sha1(token, stamp, moved, short) == query["msg_signature"]
        error = event_refusal(ours, queried(short, stamp, moved, token), raw({"encrypt": short}))
        assert str(error) == "signature does not match"


def test_a_refusal_repeats_neither_secrets_nor_the_body() -> None:
    refusals = [
        robot_refusal(settings(), signed(secret="junk"), b"junk"),
        robot_refusal(settings(), signed(), b"junk"),
        robot_refusal(settings(), signed(), raw(MESSAGE | {"robotCode": "stranger"})),
        card_refusal(settings(), card_signed(), raw(PRESS | {"corpId": "stranger"})),
        event_refusal(settings(), *event(EVENT, "stranger")),
        event_refusal(settings(), *event(EVENT, CORP)),
        event_refusal(settings(), *event(EVENT | {"CorpId": "stranger"})),
    ]
    for reason in map(str, refusals):
        secret = (SECRET, CARD_SECRET, AES_KEY, TOKEN, CLIENT, CORP, ROBOT, "stranger", "junk")
        assert reason.isascii() and not any(word in reason for word in secret)
