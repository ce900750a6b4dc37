"""`docs/security.md` has an answer with its proof for each item, and the proofs that stand nowhere else."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select

import app
from bot.event import Event
from conftest import APP, ON_SQLITE, START, Company
from handlers import router
from models import links
from models.tables import Audit
from standins import feishu_says
from test_docs import ROOT, text
from test_form_page import opens
from test_survey import asked
from test_webhook import app_of, genuine, sealed

#: the items of the OWASP ASVS 5.0.0 that bite here.
ITEMS = """
1.2.4 1.2.10 1.3.5 1.3.6 1.3.12 1.5.3 2.2.1 2.2.2 2.3.1 2.3.3 2.3.4 2.3.5 2.4.1 4.1.3 4.1.4 4.1.5 4.2.1 8.2.1 8.2.2
8.2.3 8.3.1 8.3.2 8.4.1 9.1.1 9.1.2 9.2.1 9.2.2 9.2.3 16.2.1 16.2.2 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.5.1
16.5.2 16.5.3 16.5.4
""".split()
PROOF = re.compile(r"`(test_\w+\.py)(?:::(test_\w+))?`")


def answers(document: str) -> list[list[str]]:
    """(item, answer, proof) of every table that has those columns."""
    tables = re.findall(r"^\| item \| answer \| proof \|\n\|[-|]+\n((?:\|.*\n)+)", document, re.M)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@cache
def functions_of(name: str) -> frozenset[str]:
    tree = ast.parse((Path(__file__).parent / name).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def missing(document: str) -> list[str]:
    """What an answer lacks: its proof, the test that it names, or an item of the list its answer."""
    rows = answers(document)
    found = [f"{row[0]} names no test" for row in rows if len(row) != 3 or not PROOF.search(row[2])]
    for name, function in PROOF.findall(document):
        if not (ROOT / "tests" / name).exists():
            found.append(f"{name} is gone")
        elif function and function not in functions_of(name):
            found.append(f"{name} has no {function}")
    answered = {item for row in rows for item in re.findall(r"(?<![\d.])\d+\.\d+\.\d+", row[0])}
    return found + [f"{item} has no answer" for item in ITEMS if item not in answered]


def test_every_item_has_an_answer_and_every_answer_a_test_that_exists() -> None:
    assert missing(text("docs/security.md")) == []
    assert len(ITEMS) == len(set(ITEMS)) == 40


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("| 1.3.6 ", "| ", None),
        ("| 4.2.1 request", "| 4.2.11 request", "4.2.1 has no answer"),
        ("`test_serving.py` |", "the proxy |", "4.2.1 request smuggling names no test"),
        ("`test_serving.py` |", "`test_smuggling.py` |", "test_smuggling.py is gone"),
        ("::test_nothing_is_exported_yet", "::test_something", "test_security.py has no test_something"),
    ],
)
def test_what_is_missing_would_be_noticed(old: str, new: str, said: str | None) -> None:
    document = text("docs/security.md")
    assert old in document
    found = missing(document.replace(old, new))
    assert found == ([said] if said else ["1.3.6 has no answer"])


# --- 1.2.10, 1.5.3 ---


def test_nothing_is_exported_yet() -> None:
    """Whoever adds an export answers for formulas in its cells, and takes this test away."""
    assert "/导出" not in router.commands and "export" not in app.CALLS
    assert not re.search(r"^(?:XlsxWriter|openpyxl)\b", text("requirements.in"), re.M | re.I)


@pytest.mark.parametrize(("first", "last", "status"), [("cli_other", APP.app_id, 200), (APP.app_id, "cli_other", 401)])
def test_of_a_name_that_stands_there_twice_check_and_handler_see_the_same(first: str, last: str, status: int) -> None:
    taken: list[Event] = []
    keys = {"encrypt_key": APP.encrypt_key, "verification_token": APP.verification_token}
    plain = feishu_says.decrypt(json.loads(genuine().body)["encrypt"], APP.encrypt_key)
    written = plain.decode() if isinstance(plain, bytes) else plain
    (right,) = re.findall(rf'"app_id":\s*"{APP.app_id}"', written)
    request = sealed(written.replace(right, f'"app_id": "{first}", "app_id": "{last}"').encode())
    client = app_of(taken, app_id=APP.app_id, **keys).test_client()
    assert client.post("/feishu/events", data=request.body, headers=request.headers).status_code == status
    assert len(taken) == (1 if status == 200 else 0)


# --- 9.2.2, 9.2.3 ---


@ON_SQLITE
def test_a_link_opens_the_page_it_was_made_for_and_no_other(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    client, keys = company.keban.client, company.keban.works.keys
    ours = {links.SURVEY: asked(company), links.FORM: opens(company)}
    for purpose, link in ours.items():
        token = link.rpartition("/")[2]
        assert link == f"/{purpose}/{token}"
        for page, other in ours.items():
            signed = links.token(keys, purpose, other.rpartition("/")[2][:22])
            for given in (token, signed):
                status = 200 if page == purpose else 404
                assert client.get(f"/{page}/{given}").status_code == status, (page, purpose)
                assert status == 200 or client.post(f"/{page}/{given}", data={"score": "5"}).status_code == 404


# --- 16.2.1, 16.2.2; O5 ---


@ON_SQLITE
def test_an_audit_row_says_who_did_what_when_and_by_which_way(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    company.rep.says("/跟进 华星科技 已报价", message_id="om_audited")
    with company.keban.works.read() as work:
        (row,) = work.db.scalars(select(Audit).where(Audit.operation == "follow_up.record"))
        assert row.actor_id == company.make.me("王敏").id and row.channel == "feishu"
        assert row.request == "om_audited" and re.fullmatch(r"\w+:\d+", row.subject)
        assert row.at == START and row.at.tzinfo is dt.UTC and "已报价" not in str(row.detail)


@ON_SQLITE
def test_what_machines_read_names_nobody(company: Company) -> None:
    company.make.customer("王敏", "华星科技有限公司")
    where = asked(company)
    company.keban.api.fail_next(1, code=230025)
    company.rep.says("/待审", quiet=True)
    company.keban.tick()
    for path in ("/", "/healthz", "/readyz", "/metrics"):
        said = company.keban.client.get(path).get_data(as_text=True).replace("客伴 Keban 正在运行", "")
        assert not re.search(r"[\u4e00-\u9fff]|ou_|oc_|om_|cli_|139", said), path
        assert where.rpartition("/")[2][:22] not in said
