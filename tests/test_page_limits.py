"""How often a page may be asked for, by whom, and whose word about that counts."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder

from bot import config
from bot.pages import caller
from bot.pages.caller import Network
from bot.pages.limits import MOST, Counter
from conftest import ON_SQLITE, Company
from models.errors import Refused
from models.settings import Pages, Server
from test_form_page import huaxing, opens, send, shown  # noqa: F401 (a fixture)
from test_survey import asked, everything

BEHIND = Server.model_validate({"trusted_proxies": ["10.0.0.0/8", "127.0.0.1", "fd00::/8"]})
PROXIES = tuple(BEHIND.trusted_proxies)
FEW = Pages(link_per_minute=3, address_per_minute=8)


# --- whose request it is ---


@pytest.mark.parametrize(
    ("peer", "forwarded", "whose"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1 , 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "10.9.9.9,10.8.8.8", "10.9.9.9"),
        ("10.0.0.1", "1.1.1.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1, unknown, 10.2.3.4", "10.2.3.4"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("fd00::1", "2001:db8::7, fd00::2", "2001:db8::7"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_caller_is_the_last_address_that_no_proxy_of_ours_has(peer: str, forwarded: str, whose: str) -> None:
    assert caller.outermost(peer, forwarded, PROXIES) == whose
    assert caller.outermost(peer, forwarded, ()) == peer, "nobody is believed unless the settings say so"


ADDRESSES = st.ip_addresses().map(str) | st.ip_addresses(network="10.0.0.0/8").map(str)


@given(st.text() | ADDRESSES, st.lists(ADDRESSES, min_size=1, max_size=4), ADDRESSES)
def test_what_a_stranger_writes_never_moves_him(wished: str, proxies: list[str], real: str) -> None:
    """Each proxy adds who came to it; whatever stood there before is the stranger's own."""
    trusted: list[Network] = [ip_network(each) for each in proxies]
    if caller.is_among(real, trusted):
        return
    *inner, peer = [real, *proxies]
    assert caller.outermost(peer, ", ".join([wished, *inner]), trusted) == real


@given(st.ip_addresses(v=4).map(str), st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=4))
def test_behind_a_known_number_of_proxies_it_is_what_werkzeug_finds(real: str, proxies: list[str]) -> None:
    if real in proxies:
        return
    *inner, peer = [real, *proxies]
    headers = Headers([("X-Forwarded-For", each) for each in ("192.0.2.1", *inner)])
    environ = EnvironBuilder(environ_base={"REMOTE_ADDR": peer}, headers=headers).get_environ()
    ProxyFix(lambda *_: [], x_for=len(proxies), x_proto=0, x_host=0)(environ, lambda *_: None)
    found = caller.outermost(peer, ",".join(("192.0.2.1", *inner)), [ip_network(each) for each in proxies])
    assert found == environ["REMOTE_ADDR"] == real


@given(st.text() | ADDRESSES, st.text())
def test_no_header_breaks_it(peer: str, forwarded: str) -> None:
    found = caller.outermost(peer, forwarded, PROXIES)
    assert found == peer or ip_address(found)
    assert isinstance(caller.household(found), str)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_an_ipv6_caller_cannot_change_who_he_is_within_his_network(address: IPv6Address, other: int) -> None:
    if address.ipv4_mapped is None:
        neighbour = IPv6Address(int(address) >> 64 << 64 | other)
        if neighbour.ipv4_mapped is None:
            assert caller.household(str(address)) == caller.household(str(neighbour))
            further = IPv6Address(int(address) ^ 1 << 64)
            assert further.ipv4_mapped or caller.household(str(further)) != caller.household(str(address))


@pytest.mark.parametrize("wrong", ["proxy", "10.0.0.1/8", "0.0.0.0/0", "::/0", 7.5])
def test_whom_to_trust_is_an_address_or_a_network_and_never_everybody(
    wrong: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEBAN__SERVER__TRUSTED_PROXIES", f'["{wrong}"]')
    with pytest.raises(Refused) as no:
        config.load()
    assert no.value.say.startswith("设置有误：server.trusted_proxies.0 ") and "\n" not in no.value.say
    monkeypatch.setenv("KEBAN__SERVER__TRUSTED_PROXIES", '["10.0.0.0/8", "::1"]')
    assert config.load().server.trusted_proxies == [IPv4Network("10.0.0.0/8"), IPv6Network("::1")]


def use(company: Company, **sections: object) -> None:
    works = company.keban.works
    works.settings = works.settings.model_copy(update=sections)


@ON_SQLITE
def test_behind_a_proxy_nobody_is_this_machine(company: Company) -> None:
    """Not even who is said to be: a proxy that passes on what a stranger wrote would let him in."""
    client = company.keban.client
    assert client.get("/metrics").status_code == 200
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
        assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 403, name
    use(company, server=BEHIND)
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "203.0.113.7"}):
        assert client.get("/metrics", headers=headers).status_code == 403


# --- how often ---


@ON_SQLITE
def test_a_link_is_answered_so_often_a_minute_and_then_again(huaxing: Company) -> None:  # noqa: F811
    use(huaxing, pages=FEW)
    survey, form = asked(huaxing), opens(huaxing)
    for where in (survey, form):
        got = [huaxing.keban.client.get(where) for _ in range(4)]
        assert [each.status_code for each in got] == [200, 200, 200, 429]
        assert got[3].headers["Retry-After"] == "60" and "过一分钟再试" in shown(got[3])
        assert "Content-Security-Policy" in got[3].headers and got[3].headers["Cache-Control"] == "no-store"
    before = everything(huaxing)
    assert send(huaxing, form).status_code == 429 and everything(huaxing) == before, "it was not carried out"
    huaxing.keban.clock.forward(seconds=59)
    assert huaxing.keban.client.get(survey).headers["Retry-After"] == "1"
    huaxing.keban.clock.forward(seconds=1)
    assert huaxing.keban.client.get(survey).status_code == 200
    assert send(huaxing, form).status_code == 200


@ON_SQLITE
def test_who_tries_links_is_stopped_and_nobody_else_is(
    huaxing: Company,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    use(huaxing, pages=FEW)
    client, where = huaxing.keban.client, asked(huaxing)
    tried = [client.get(f"/{page}/{'x' * 43}{number}") for number in range(5) for page in ("survey", "form")]
    assert [each.status_code for each in tried] == [404] * 8 + [429] * 2
    assert client.get(f"{where}/qr").status_code == 429, "all of the pages count together"
    assert client.get(where, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 200
    assert client.get("/healthz").status_code == 200
    lines = [each.getMessage() for each in caplog.records if "too many" in each.getMessage()]
    assert len(lines) == 3 and not [line for line in lines if "127.0.0.1" in line]
    for _ in range(12):
        assert huaxing.rep.says("/帮助"), "the doors of the platforms know no such limit"


@ON_SQLITE
def test_every_page_with_a_link_in_its_address_is_limited(company: Company) -> None:
    use(company, pages=Pages(address_per_minute=1))
    client = company.keban.client
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.arguments]
    assert {rule.endpoint for rule in rules} >= {"survey.show", "survey.take", "survey.qr", "form.show", "form.take"}
    for number, rule in enumerate(rules):
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        where, who = re.sub(r"<[^>]+>", "x", rule.rule), {"REMOTE_ADDR": f"203.0.113.{number}"}
        got = [client.open(where, method=method, environ_base=who).status_code for _ in range(2)]
        assert got == [404, 429], rule


@ON_SQLITE
def test_an_address_is_believed_to_a_trusted_proxy_only(
    huaxing: Company,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    use(huaxing, pages=FEW)

    def status(number: int) -> int:
        headers = {"X-Forwarded-For": f"9.9.9.9, 203.0.113.{number}"}
        return int(huaxing.keban.client.get(f"/survey/{'x' * 44}", headers=headers).status_code)

    assert [status(number) for number in range(9)] == [404] * 8 + [429]
    assert "not in [server] trusted_proxies" in caplog.messages[-1], "the operator can find out"
    use(huaxing, server=BEHIND)
    assert [status(number) for number in range(20)] == [404] * 20
    assert [status(7) for _ in range(8)] == [404] * 7 + [429]
    assert "trusted_proxies" not in caplog.messages[-1]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=60), st.integers(1, 5))
def test_no_key_passes_more_often_than_allowed_and_who_waits_passes(asks: list[tuple[str, int]], most: int) -> None:
    counter, now, passed = Counter(), 0.0, dict[str, list[float]]()
    for key, later in asks:
        now += later
        if counter.wait(key, most, now) == 0:
            passed.setdefault(key, []).append(now)
    for times in passed.values():  # a minute of ours begins with a request, so that any other overlaps two of them
        assert all(sum(at <= each < at + 60 for each in times) < 2 * most for at in times)
        assert sum(each < times[0] + 60 for each in times) <= most
    for key in passed:
        if wait := counter.wait(key, most, now):
            assert wait <= 60 and counter.wait(key, most, now + wait) == 0
            now += wait


def test_memory_is_bounded_and_a_clock_that_is_put_back_locks_nobody_out() -> None:
    counter = Counter()
    for number in range(MOST + 500):
        assert counter.wait(str(number), 1, 1000.0) == 0
    assert len(counter) <= MOST + 1
    assert counter.wait(str(MOST), 1, 1000.0) == 60, "who came lately is remembered"
    assert counter.wait("anew", 1, 1060.0) == 0 and len(counter) == 1
    assert counter.wait("anew", 1, 10.0) == 0, "put back"
