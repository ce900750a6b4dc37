"""The main job, as people live it: enter, return, correct, approve, follow up, be reminded, done."""

from __future__ import annotations

from conftest import Company

ENTRY = {
    "客户全称": "华星科技有限公司",
    "客户性质": "企业",
    "所属行业": "制造业-电子设备",
    "客户来源": "展会推广",
    "联系人姓名": "李雷",
    "手机": "13912345678",
}


def test_from_a_new_customer_to_a_finished_reminder(company: Company) -> None:
    rep, boss, keban = company.rep, company.supervisor, company.keban
    form = rep.says("/新客户")
    assert form.title == "录入新客户"
    answer = rep.presses("提交", ENTRY)
    assert answer.title == "待审核 · 华星科技有限公司" and answer.toast == "已提交审核"
    review = boss.last("待审核 · 华星科技有限公司")
    assert "139****5678" in review.text and "13912345678" not in review.text

    boss.presses("退回")
    answer = boss.presses("确认退回", {"退回原因": "请补地址"})
    assert answer.title == "已退回 · 华星科技有限公司"
    keban.forward(seconds=4)
    returned = rep.last("已退回 · 华星科技有限公司")
    assert "请补地址" in returned.text

    rep.presses("修改")
    answer = rep.presses("重新提交", {"地址": "上海市浦东新区世纪大道 1 号"})
    assert answer.title == "待审核 · 华星科技有限公司"
    answer = boss.presses("通过")
    assert answer.title == "已建档 · C202611001"
    keban.forward(seconds=4)
    archived = rep.last("已建档 · C202611001")
    assert "已由赵强处理" in archived.text

    receipt = rep.says("/跟进 华星科技 已报价，等 回复 方式:电话 下次：明天上午10点")
    assert receipt.title == "已记录跟进 · 华星科技有限公司"
    assert "已报价，等 回复" in receipt.text and "明天 10:00" in receipt.text
    keban.until("2026-11-26 10:00")
    reminder = rep.last("该跟进了 · 华星科技有限公司")
    assert {"完成", "稍后", "改期", "已联系"} <= set(reminder.buttons)
    rep.presses("完成", on=reminder)
    answer = rep.presses("完成", {"结果": "客户同意签合同"}, on=reminder)
    assert answer.title == "已记录跟进 · 华星科技有限公司"
    page = rep.says("/客户 C202611001")
    assert "客户同意签合同" in page.text and "13912345678" in page.text
