"""Frames of Feishu's long connection, read and written as protobuf itself does."""

from __future__ import annotations

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from bot.feishu.frame import CONTROL, DATA, Frame, decode, encode
from standins.feishu_frame import packed, unpacked

#: both made with the official SDK.
PING = "0800100018f681801020002a0c0a0474797065120470696e67"
EVENT = (
    "0880808080802010ffffffffffffffffff0118f681801020012a0d0a047479706512056576656e742a110a0a6d6573736167655f6964"
    "12036d2d312a0d0a0874726163655f69641201742a080a0373756d1201312a080a037365711201303a046a736f6e4203e5a5bd4a0178"
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HEADERS = st.dictionaries(TEXTS, TEXTS, max_size=6)
NUMBERS = st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**31 - 1))


def test_frames_are_those_of_the_official_client() -> None:
    ping = Frame(CONTROL, {"type": "ping"}, service=33554678)
    assert encode(ping).hex() == PING and decode(bytes.fromhex(PING)) == ping
    event = decode(bytes.fromhex(EVENT))
    assert (event.method, event.type, event.payload.decode()) == (DATA, "event", "好")
    assert (event.seq_id, event.log_id, event.service) == (2**40, 2**64 - 1, 33554678)
    assert event.headers == {"type": "event", "message_id": "m-1", "trace_id": "t", "sum": "1", "seq": "0"}
    assert unpacked(encode(event)) == unpacked(bytes.fromhex(EVENT))


@given(HEADERS, st.binary(min_size=1, max_size=3000), NUMBERS)
def test_what_protobuf_writes_is_read_and_goes_back_unchanged(
    headers: dict[str, str], payload: bytes, numbers: tuple[int, int, int]
) -> None:
    seq, log, service = numbers
    raw = packed(DATA, headers, payload, service, payload_type="json", SeqID=seq, LogID=log)
    frame = decode(raw)
    assert (frame.method, frame.headers, frame.payload) == (DATA, headers, payload)
    assert (frame.seq_id, frame.log_id, frame.service) == numbers
    assert unpacked(encode(frame)) == unpacked(raw)


@given(st.binary(max_size=80))
@example(b"\x02\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01").via("a length that no memory has")
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with contextlib.suppress(ValueError):
        decode(raw)


@given(st.integers(1, 60))
def test_a_frame_that_breaks_off_never_shows_half_a_payload(cut: int) -> None:
    raw = packed(DATA, {"type": "event"}, b"payload")
    with contextlib.suppress(ValueError):
        assert decode(raw[:-cut]).payload == b""
