"""What every answer says to a browser, and what no log line says of a link."""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterator

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from bot import ports, web
from bot.logs import JsonLine
from bot.pages import survey
from bot.pages.strict import EVERYWHERE
from bot.playground.page import Page
from conftest import ON_SQLITE, Company
from handlers import router
from models.settings import Pages, Server, Settings
from test_file_page import kept
from test_form_page import opens
from test_survey import asked

OFTEN = Settings.model_validate({"playground": {"enabled": True}, "pages": {"address_per_minute": 1000}})
SILENT = {name: value for name, value in EVERYWHERE.items() if name != "Content-Security-Policy"}


@pytest.fixture
def served(company: Company) -> Flask:
    """The program with the playground's page."""
    company.make.customer("王敏", "华星科技有限公司")
    keban = company.keban
    made = web.create(keban.platforms, keban.dispatch, keban.works)
    made.register_blueprint(Page(keban.works, router, keban.dispatch, lambda: None, lambda: True).blueprint())
    return made


def addresses(served: Flask, company: Company) -> Iterator[str]:
    """One for each rule, with a link of ours and with another; the doors; and what is nowhere."""
    links = {"survey": asked(company), "form": opens(company), "file": kept(company)}
    for rule in served.url_map.iter_rules():
        for page, link in links.items():
            if rule.rule.startswith(f"/{page}/"):
                yield rule.rule.replace(f"/{page}/<token>", link)
        yield re.sub(r"<(path:)?\w+>", "x", rule.rule)
    yield from (*served.wsgi_app._doors, "/nowhere", "/survey/", "/form/a/b", "/file/")  # type: ignore[attr-defined]


@pytest.mark.parametrize("settings", [OFTEN])
@ON_SQLITE
def test_every_answer_is_strict_whatever_it_is(served: Flask, company: Company) -> None:
    statuses = set[int]()
    for where in addresses(served, company):
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
            got = served.test_client().open(where, method=method)
            statuses.add(got.status_code)
            named = f"{method} {where} {got.status_code}"
            assert {name: got.headers.getlist(name) for name in SILENT} == {n: [v] for n, v in SILENT.items()}, named
            (policy,) = got.headers.getlist("Content-Security-Policy")
            assert policy.startswith("default-src 'none'; ") and "frame-ancestors 'none'" in policy, named
            assert "unsafe" not in policy and "*" not in policy, named
            if where.startswith(("/survey/", "/form/", "/file/")) and "html" in got.content_type:
                assert got.headers["X-Robots-Tag"] == "noindex, nofollow", named
            assert "Set-Cookie" not in got.headers and "Server" not in got.headers
            got.close()
    assert statuses >= {200, 302, 401, 404, 405, 422}, statuses


@ON_SQLITE
def test_a_defect_is_no_exception(served: Flask) -> None:
    for name in ("healthz", "survey.show"):
        served.view_functions[name] = lambda **_: 1 / 0
    for where in ("/healthz", "/survey/x"):
        got = served.test_client().get(where)
        assert got.status_code == 500 and SILENT.items() <= dict(got.headers).items()
        assert "Content-Security-Policy" in got.headers and "ZeroDivision" not in got.text


# --- logs ---


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that anybody logs, down to the last detail, as it is written."""
    written, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(written), root.level
    handler.setFormatter(JsonLine())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(before)
    root.removeHandler(handler)


@ON_SQLITE
def test_no_line_of_anybody_holds_a_link(served: Flask, company: Company, lines: io.StringIO) -> None:
    """Of the server's own lines neither, of a defect's traceback neither; of a link that is refused neither."""
    survey_link, form_link, file_link = asked(company), opens(company), kept(company)
    works = company.keban.works
    works.settings = works.settings.model_copy(update={"pages": Pages(link_per_minute=6)})
    there = make_server("127.0.0.1", 0, served, threaded=True)
    serving = threading.Thread(target=there.serve_forever)
    serving.start()
    try:
        for path in (survey_link, f"{survey_link}/qr", form_link, file_link):
            where = f"http://127.0.0.1:{there.port}{path}"
            for _ in range(3):
                requests.get(where, timeout=10, headers={"Referer": where})
                requests.post(where, data={"x": "1"}, timeout=10)
                requests.get(f"{where}x?{path}", timeout=10)
        served.view_functions["form.show"] = broken
        assert requests.get(f"http://127.0.0.1:{there.port}{form_link}", timeout=10).status_code == 500
    finally:
        there.shutdown()
        serving.join()
        there.server_close()
    said = lines.getvalue()
    assert (
        said.count('"werkzeug"') >= 37
        and "/file/…" in said
        and "/survey/…" in said
        and "/form/…" in said
        and "ValueError" in said
    )
    for link in (survey_link, form_link, file_link):
        token = link.rpartition("/")[2]
        assert token not in said and token[:22] not in said and token[22:] not in said


def broken(token: str) -> str:
    raise ValueError(f"cannot show /form/{token}")


def test_gunicorn_writes_no_access_log_and_its_other_lines_are_ours() -> None:
    told = ports.gunicorn(Server(), beside=True)
    assert not {"accesslog", "syslog", "logconfig", "errorlog"} & told.keys()
    assert told["logger_class"] == "bot.server_lines.Lines" and told["forwarded_allow_ips"] == ""


@pytest.mark.parametrize("page", ["survey", "form", "file"])
def test_a_link_is_cut_wherever_it_stands_in_a_line(page: str) -> None:
    token = "Zm9vYmFyYmF6cXV4Zm9vYg" * 2
    for around in ('"GET {} HTTP/1.1" 200', "Invalid Request Line 'GET {}'", "http://x{}?a=1", "{}/qr", "a\n{}\n"):
        record = logging.LogRecord("x", 30, "f", 1, around.format(f"/{page}/{token}"), None, None)
        said = JsonLine().format(record)
        assert token not in said and f"/{page}/…" in said
    path = survey.TEMPLATES / page / "told.html"
    record = logging.LogRecord("x", 30, "f", 1, str(path), None, None)
    assert str(path) in JsonLine().format(record), "a file of ours is not one"
