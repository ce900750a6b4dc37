"""A form's page that asks for more than it did when it was opened."""

from __future__ import annotations

from sqlalchemy import select

from cards import complaints as cards
from conftest import Company
from filled_page import FormOnPage
from models.crm import complaint_views, complaints
from models.crm.complaints import Said
from models.tables import Complaint
from test_entry import stored
from test_form_page import get, opens, send, shown


def test_what_became_necessary_while_the_page_was_open_is_asked_for_on_the_page(company: Company) -> None:
    service = company.joins("客服小吴", "总公司", "service_agent")
    agent, customer = company.make.me("客服小吴"), company.make.customer("王敏", "华星科技有限公司")
    works = company.keban.works
    number = works.perform(lambda work: complaints.take_in(work, agent, customer, Said("外壳有裂纹")))
    company.keban.forward(minutes=119)
    with works.read() as work:
        card = cards.ask_contact(complaint_views.complained(work, agent, number), {}, {})
    where = opens(company, card, who=service)
    company.keban.forward(minutes=2)
    typed = FormOnPage(get(company, where).text).filled({"问题核心": "外壳裂纹", "是否致歉": "是"})
    late = send(company, where, typed)
    assert late.status_code == 422 and "请写明原因" in shown(late) and "还没有提交" in shown(late)
    more = FormOnPage(late.text).filled({"超时原因": "客户占线"})
    assert more.items() > typed.items() and send(company, where, more).status_code == 200
    [complaint] = stored(company, select(Complaint))
    assert (complaint.problem, complaint.late_reason) == ("外壳裂纹", "客户占线")
