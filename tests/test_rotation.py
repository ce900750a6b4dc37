"""Rotation of the data keys (P5): while the program serves, cut short and gone on with, until the old key can go."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Select, func, select, type_coerce

from conftest import SECRET, Company, Inside
from models import rotation
from models.crm import access, follow_ups, indexes, people
from models.crm.follow_ups import Talk
from models.engine import connect
from models.settings import Settings
from models.tables import Base, Contact, Customer, FollowUp, PrivateValue, Survey
from models.tables.sealed import MOST_KEYS, Keyring, Sealed
from models.work import Works
from standins.feishu_api import FeishuApi
from test_private_data import EMAIL, FOURTH, ID, LANDLINE, MOBILE, NAME, NEW, NUMBER, SECOND, THIRD, WECHAT, talk
from test_survey import path
from world import Feishu, Somebody

OLD = "0:" + base64.b64encode(hashlib.sha256(b"keban data" + SECRET.encode()).digest()).decode()
CLEAR = (MOBILE, EMAIL, LANDLINE, WECHAT, SECOND, THIRD, FOURTH, ID)
COLUMNS = [each for table in Base.metadata.sorted_tables for each in table.c if isinstance(each.type, Sealed)]
Opens = Callable[..., Works]


@pytest.fixture
def opens(company: Company, database_url: str) -> Iterator[Opens]:
    """The same database with another ring, as a process with other settings opens it."""
    engines = []

    def opened(*keys: str, kind: type[Works] = Works) -> Works:
        engines.append(connect(database_url, Keyring(keys)))
        return kind(engines[-1], company.keban.clock, Settings())

    yield opened
    for engine in engines:
        engine.dispose()


def heads(works: Works) -> dict[str, int]:
    """How often each key stands in front of what is sealed."""
    found: dict[str, int] = {}
    with works.read() as work:
        for column in COLUMNS:
            for raw in work.connection.execute(sealed(column)).scalars():
                name = bytes(raw)[1 : 1 + bytes(raw)[0]].decode()
                found[name] = found.get(name, 0) + 1
    return found


def sealed(column: Any) -> Select[Any]:
    return select(type_coerce(column, LargeBinary)).where(column.is_not(None))


def rep_at(works: Works, company: Company, api: FeishuApi) -> Somebody:
    """The rep at a program with another ring."""
    rep: Somebody = Inside(works, Feishu(api), company.keban.clock).somebody(company.rep.account)
    return rep


def test_afterwards_the_new_key_opens_and_finds_everything(company: Company, opens: Opens, api: FeishuApi) -> None:
    talk(company)
    link = path(company.rep.says(f"/问卷 {NUMBER}"))
    both = opens(NEW, OLD)
    assert set(heads(both)) == {"0"}
    rep = rep_at(both, company, api)
    assert rep.says(f"/查 {MOBILE}").title == rep.says("/查 5678").title == "找到 2 个", (
        "found before it is brought over"
    )
    moved = rotation.rotate(both)
    assert moved["private_values"] > 8 and (moved["contacts"], moved["customers"]) == (2, 1) and moved["surveys"] == 1
    assert sum(rotation.rotate(both).values()) == 0, "what has gone over is left alone"
    status, _ = rep.host.page(link)
    assert status == 200, "a link that the old key signed is good as long as that is there"

    alone = opens(NEW)
    assert set(heads(alone)) == {"k2"}
    rep = rep_at(alone, company, api)
    page = rep.says(f"/客户 {NUMBER}").text
    for clear in CLEAR:
        assert clear in page, clear
    assert rep.says(f"/查 {MOBILE}").title == rep.says("/查 5678").title == "找到 2 个"
    assert rep.says("/查 5679").title == "没有找到"
    assert rep.host.page(link)[0] == 404, "its signature went with the key"
    with alone.read() as work:
        assert an_index(work.keys) == an_index(Keyring([NEW]))
        for index in (Customer.id_number_key, Contact.email_key, PrivateValue.value_key, Survey.nonce_key):
            table = index.class_.__table__
            rows = [row._asdict() for row in work.connection.execute(select(table))]
            assert [row[index.key] for row in rows] == [rotation.INDEXES[index](work.keys, row) for row in rows] != []


def an_index(keys: Keyring) -> str:
    return keys.index("x", "y")


class Dies(Works):
    """A process that is killed after some batches."""

    left = 5

    def perform(self, task: Any, **about: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().perform(task, **about)


def test_cut_short_it_goes_on(company: Company, opens: Opens) -> None:
    talk(company)
    dying = opens(NEW, OLD, kind=Dies)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(dying)
    assert set(heads(dying)) == {"0", "k2"}, "in the middle"
    assert company.rep.says("/查 5678", quiet=True)
    rotation.rotate(opens(NEW, OLD))
    assert set(heads(opens(NEW))) == {"k2"}


class Load:
    """People who write and search while it runs."""

    def __init__(self, works: Works, account: str) -> None:
        self.works, self.account = works, account
        self.written: list[str] = []
        self.missed: list[str] = []
        self.stop = threading.Event()

    def writes(self, place: int) -> None:
        for turn in range(10_000):
            if self.stop.is_set():
                return
            mobile = f"13{place}{turn:08}"
            self.works.perform(lambda work, mobile=mobile: self._records(work, mobile))  # type: ignore[misc]
            self.written.append(mobile)

    def searches(self) -> None:
        while not self.stop.is_set():
            with self.works.read() as work:
                me = people.by_account(work, "feishu", self.account)
                assert me
                self.missed += [each for each in (MOBILE, "5678", "李雷") if not access.search(work, me, each)]

    def _records(self, work: Any, mobile: str) -> None:
        me = people.by_account(work, "feishu", self.account)
        assert me
        follow_ups.record(work, me, access.customer(work, me, NUMBER), Talk(f"打 {mobile}"))


def test_under_load_nothing_is_lost(company: Company, opens: Opens) -> None:
    company.make.customer("王敏", NAME)
    for number in range(130):
        company.make.entry("王敏", f"来客{number}号", 手机=f"137{number:08}")
    both = opens(NEW, OLD)
    load = Load(both, company.rep.account)
    threads = [threading.Thread(target=load.writes, args=[place]) for place in (5, 6, 8)]
    threads += [threading.Thread(target=load.searches) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        moved = rotation.rotate(both)
        again = rotation.rotate(both)
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()
    assert moved["contacts"] == 131 > rotation.BATCH and sum(again.values()) == 0
    alone = opens(NEW)
    assert load.missed == [] and set(heads(alone)) == {"k2"}
    with alone.read() as work:
        kept = set(work.db.scalars(select(PrivateValue.value)))
        assert set(load.written) <= kept and len(load.written) > 10
        assert work.db.scalar(select(func.count()).select_from(FollowUp)) == len(load.written)
        assert len(set(work.db.scalars(select(Contact.mobile)))) == 131


def test_endings_that_share_an_index_are_told_apart(company: Company) -> None:
    keys = company.keban.works.keys
    shared: dict[str | None, str] = {}
    for ending in range(10_000):
        mobile = f"1370000{ending:04}"
        index = indexes.of_ending(keys, mobile)
        if index in shared:
            break
        shared[index] = mobile
    for number, each in enumerate((mobile, shared[index])):
        company.make.customer("王敏", f"来客{number}号", 手机=each)
    assert company.rep.says(f"/查 {mobile[-4:]}").title == "找到 1 个"


def test_every_index_of_a_sealed_column_is_brought_over() -> None:
    known = {(each.class_.__tablename__, each.key) for each in rotation.INDEXES}
    found = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if column.name.endswith("_key") and getattr(column.type, "length", None) == 32
    }
    assert found - known == {("users", "binding_key")}, "a code is not kept: its index ends with it"
    assert {column.table.name for column in COLUMNS} == {*rotation.TURNS}


def test_a_ring_holds_so_many_keys_as_look_ups_name() -> None:
    keys = [f"k{number}:{base64.b64encode(bytes([number]) * 32).decode()}" for number in range(MOST_KEYS + 1)]
    assert len(Keyring(keys[1:]).lookup("x", "y", "z")) == MOST_KEYS
    with pytest.raises(ValueError, match="keys rotate"):
        Keyring(keys)
