"""The gallery's samples of the organisation's synchronisation."""

from __future__ import annotations

from dataclasses import replace

from cards import departments, orgs
from cards.samples import NOW, ODD, Samples, shown
from models.crm.departments import Opened, Team, Tree, Wanted
from models.crm.joiners import Joiner, Joiners
from models.crm.orgsync import Overview, Result

LI = Joiner(3, "feishu", "ou_3", "李新", "13900139015", "S1009", "销售一部")
BARE = Joiner(4, "dingtalk", "staff4", "孙丽", "", "", "")
TOP, SALES = Team(1, "总公司", 0, 2, ("陈晨",)), Team(3, "销售一部", 1, 12, ("赵强", "孙丽"))
ODD_TEAM = Team(4, ODD, 2, 0, (ODD,))
ODDLY = Joiner(5, "feishu", "ou_5", ODD, "13900139016", ODD[:32], ODD)


def samples() -> Samples:
    """Every sample by name."""
    changed = Result(departments=4, bound=2, moved=1, changed=3, joiners=2, left=1, hidden=5)
    both = (("feishu", NOW, changed), ("dingtalk", NOW, Result()))
    yield "orgs.status.changed", orgs.status(Overview(both, 2), shown)
    yield "orgs.status.never", orgs.status(Overview((), 0), shown)
    broken = (("feishu", NOW, Result(too_many=12)), ("dingtalk", NOW, Result(trouble="平台没有回答完。")))
    yield "orgs.status.trouble", orgs.status(Overview(broken, 0), shown, "已开始，过一会儿再看")
    yield "orgs.joiners.some", orgs.joiners(Joiners(1, (LI, BARE), more=True))
    yield "orgs.joiners.none", orgs.joiners(Joiners(0, (), more=False), "李新已加入")
    yield "orgs.joiners.nasty", orgs.joiners(Joiners(0, (ODDLY,), more=False))
    yield "orgs.joiner.known", orgs.joiner(LI)
    yield "orgs.joiner.bare", orgs.joiner(BARE, {"staff_no": "S1", "roles": "销售大神"}, "没有「销售大神」这个角色。")
    yield "orgs.joiner.nasty", orgs.joiner(ODDLY)
    yield (
        "departments.tree.some",
        departments.tree(Tree((TOP, SALES, replace(SALES, depth=9, leaders=())), 0, more=True)),
    )
    yield "departments.tree.nasty", departments.tree(Tree((ODD_TEAM,), 1, more=False))
    seen = Opened(SALES, "总公司", ("销售一部一组", "销售一部二组"), (("赵强", "S1002"),), ())
    yield "departments.department.named", departments.department(seen)
    alone = Opened(replace(TOP, leaders=()), "", (), (), ("feishu",))
    yield "departments.department.synced", departments.department(alone, "已保存，马上生效")
    yield "departments.department.nasty", departments.department(Opened(ODD_TEAM, ODD, (ODD,), ((ODD, ODD),), ()))
    yield "departments.edit.blank", departments.edit(0, Wanted("", "", ""))
    yield "departments.edit.wrong", departments.edit(3, departments.given(seen), "已经有「销售一部」这个部门。")
