"""`docs/openapi.yaml` is what the program answers: nothing else, whatever is sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import dingtalk_made
from bot import dingtalk, web
from conftest import ON_SQLITE, Company
from models.settings import Pages, Settings
from test_file_page import kept
from test_form_page import opens
from test_survey import asked

WRITTEN = schemathesis.openapi.from_path(Path(__file__).parent.parent / "docs" / "openapi.yaml")
OPERATIONS = [found.ok() for found in WRITTEN.get_all_operations()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BRIEFLY = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)
OFTEN = Settings(pages=Pages(link_per_minute=10_000, address_per_minute=10_000))


@pytest.fixture
def served(company: Company) -> Flask:
    """The program with every door it can have."""
    keban = company.keban
    beside = dingtalk.platform(dingtalk_made.settings(), keban.works)
    assert beside
    keban.tick()  # so that it is ready
    return web.create(keban.platforms | {beside.name: beside}, keban.dispatch, keban.works)


def answered(served: Flask) -> Iterator[tuple[str, str]]:
    """(method, path) of everything that is answered, as OpenAPI writes it."""
    for rule in served.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        yield from ((method.lower(), path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"})
    yield from (("post", path) for path in served.wsgi_app._doors)  # type: ignore[attr-defined]


@ON_SQLITE
def test_every_address_and_method_is_described_and_nothing_else(served: Flask) -> None:
    assert sorted(answered(served)) == sorted((each.method, each.path) for each in OPERATIONS)


@pytest.mark.parametrize("settings", [OFTEN])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.path}")
@ON_SQLITE
def test_whatever_is_sent_is_answered_as_described(operation: Any, company: Company, served: Flask) -> None:
    """What keeps to the description and what does not, for a link of ours and for others; no answer is 5xx."""
    company.make.customer("王敏", "华星科技有限公司")
    links = [asked(company), opens(company), kept(company)]
    ours = next((link.rpartition("/")[2] for link in links if operation.path.startswith(link[:6])), None)
    WRITTEN.app = served

    seen = set[int]()

    def tried(mode: GenerationMode, path_parameters: dict[str, str] | None) -> None:
        @BRIEFLY
        @given(operation.as_strategy(mode, path_parameters=path_parameters))
        def sent(case: Case) -> None:
            seen.add(case.call_and_validate(checks=CHECKS, app=served).status_code)

        sent()

    tried(GenerationMode.POSITIVE, None)
    if operation.body or operation.path_parameters:  # else there is nothing that could break a rule
        tried(GenerationMode.NEGATIVE, None)
    if ours:
        assert seen == {404}, "nobody guesses a link"
        if operation.body:  # what cannot be kept comes first, because what can is kept once
            tried(GenerationMode.NEGATIVE, {"token": ours})
        tried(GenerationMode.POSITIVE, {"token": ours})
        assert seen & {200, 422}, "ours is opened"


@ON_SQLITE
def test_an_answer_that_is_not_described_would_be_noticed(served: Flask) -> None:
    served.view_functions["healthz"] = lambda: ("no", 418)
    WRITTEN.app = served
    (healthz,) = (each for each in OPERATIONS if each.path == "/healthz")
    with pytest.raises(FailureGroup):
        healthz.Case().call_and_validate(checks=CHECKS, app=served)
