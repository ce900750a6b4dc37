"""What some commands of the shell do, beside the program that serves."""

from __future__ import annotations

import math
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot import audits, company, orgs, persons, posting, rosters
from bot.platform import Platform, SendError
from bot.remedies import remedy
from cards.labels import PERMISSIONS, PLATFORMS, ROLES
from models import rotation
from models.crm import bindings, departments, people, products, staff
from models.crm.bindings import Became, Unbound
from models.errors import Refused
from models.policy import Permission, Reach
from models.work import Work, Works

SAYS = {Became.BOUND: "已绑定", Became.UNKNOWN: "没有找到这个手机号", Became.TAKEN: "这个账号已经是别人的"}
#: the permission that looking for a mobile takes.
SCOPES = {"feishu": "contact:user.id:readonly", "dingtalk": "qyapi_get_member_by_mobile"}
#: why somebody is not found, and what to do about it.
UNKNOWN = (
    "没有找到的，是 user add 写的手机号和他{}账号上的不一样，或者他不在应用的可用范围：改好再执行，"
    "或者让本人在私聊里发 /绑定。"
)
Platforms = Mapping[str, Platform]


def department_set(works: Works, _: Platforms, said: Namespace) -> None:
    """Make or change a department."""
    works.perform(
        lambda work: departments.set_department(work, said.name, said.parent, said.supervisor), channel="shell"
    )
    print(f"部门「{said.name}」已保存。")


def user_add(works: Works, _: Platforms, said: Namespace) -> None:
    """Make or change a person, and print his binding code."""
    accounts = tuple((name, value) for name in ("feishu", "dingtalk") if (value := getattr(said, name)))
    hire = people.Hire(said.staff_no, said.name, said.department, tuple(said.role), said.mobile, accounts)
    code = works.perform(lambda work: bindings.hire(work, hire), channel="shell")
    print(f"{said.name}（{said.staff_no}）已保存。绑定码 {code}，{_good_for(works)}：/绑定 {code} <手机后四位>")


def _good_for(works: Works) -> str:
    return f"{works.settings.people.code_hours} 小时内有效；在私聊里发送"


def user_disable(works: Works, _: Platforms, said: Namespace) -> None:
    """Disable a person; what he owns is announced."""
    works.perform(lambda work: _disabled(work, said.staff_no), channel="shell")
    print(f"{said.staff_no} 已停用。")


def _disabled(work: Work, staff_no: str) -> None:
    staff.disable(work, staff_no)
    posting.post_notices(work)


def user_import(works: Works, _: Platforms, said: Namespace) -> None:
    """Make or change all people of a file, or none of them, and print their binding codes."""
    hires = rosters.read(said.file)
    added = works.perform(lambda work: _added(work, hires), channel="shell")
    for staff_no, name, code in added:
        print(f"{staff_no}\t{name}\t绑定码 {code}")
    print(f"{len(added)} 人已保存。绑定码 {_good_for(works)}：/绑定 <码> <手机后四位>")


def _added(work: Work, hires: Sequence[people.Hire]) -> list[tuple[str, str, str]]:
    return [(user.staff_no, user.name, code) for user, code in people.add_users(work, hires)]


def role_set(works: Works, _: Platforms, said: Namespace) -> None:
    """Change how far a permission of a role reaches."""
    reach = None if said.reach == "none" else Reach[said.reach.upper()]
    works.perform(lambda work: staff.set_grant(work, said.role, Permission(said.permission), reach), channel="shell")
    print(f"{ROLES[said.role]}的「{PERMISSIONS[Permission(said.permission)]}」已保存，马上生效。")


def product_set(works: Works, _: Platforms, said: Namespace) -> None:
    """Make or change a product of the catalogue."""
    works.perform(lambda work: products.set_product(work, said.name, active=not said.off), channel="shell")
    print(f"产品「{said.name}」已{'停用' if said.off else '保存'}。")


def user_bind(works: Works, platforms: Platforms, said: Namespace) -> int:
    """Find people by mobile and bind them, and print what became of each; 1 where a platform did not answer.

    Raises Refused where there is nothing to ask.
    """
    only = said.platform
    asked = [each for each in platforms.values() if each.find and only in (None, each.name)]
    if not asked:
        missing, guides = (PLATFORMS[only], [only]) if only else ("飞书和钉钉都", ["feishu", "dingtalk"])
        raise Refused(f"{missing}还没有接，步骤见 {' 和 '.join(f'docs/{name}.md' for name in guides)}。")
    return max([_bind(works, platform, said.staff_no) for platform in asked])


def _bind(works: Works, platform: Platform, staff_nos: Sequence[str] | None) -> int:
    with works.read() as work:
        unbound = bindings.unbound(work, platform.name, staff_nos)
        bound = bindings.bound(work, platform.name, staff_nos)
    for staff_no, name in bound:
        print(f"{staff_no}\t{name}\t{PLATFORMS[platform.name]}\t已经绑过")
    found, fault = _found(platform, [each.mobile for each in unbound])
    looked = [each for each in unbound if fault is None or each.mobile in found]
    became = works.perform(lambda work: bindings.bind(work, platform.name, looked, found), channel="shell")
    _print(PLATFORMS[platform.name], looked, became)
    if fault:
        print(_sentence(platform.name, fault))
    return int(fault is not None)


def _found(platform: Platform, mobiles: list[str]) -> tuple[dict[str, str], SendError | None]:
    """What the platform found before it failed, if it did."""
    found = dict[str, str]()
    try:
        for mobile, account in platform.find(mobiles) if platform.find else ():
            found[mobile] = account
    except SendError as fault:
        cause = fault.__cause__  # a token that is refused is put off where messages wait; here nobody waits
        return found, cause if isinstance(cause, SendError) else fault
    return found, None


def _print(where: str, asked: Iterable[Unbound], became: Mapping[str, Became]) -> None:
    for each in asked:
        if each.staff_no in became:
            print(f"{each.staff_no}\t{each.name}\t{where}\t{SAYS[became[each.staff_no]]}")
    count = Counter(became.values())
    rest = len(became) - count[Became.BOUND]
    unknown = UNKNOWN.format(where) if count[Became.UNKNOWN] else ""
    print(f"{where}：已绑定 {count[Became.BOUND]} 人{f'，{rest} 人没有绑定' if rest else ''}。{unknown}")


def _sentence(name: str, fault: SendError) -> str:
    where = PLATFORMS[name]
    if fault.denied:
        return f"{where}：没有查手机号的权限，在「权限管理」里开通 {SCOPES[name]}，再发布一次。"
    if fault.kind == "never":
        return f"{where}没有回答完：{remedy(name, fault)}（{fault}）；执行 python app.py doctor 看还有哪里不对。"
    return f"{where}没有回答完（{fault}），过一会儿再执行一次，已绑定的不会重复。"


def keys_rotate(works: Works, _: Platforms, __: Namespace) -> None:
    """Bring everything over to the first data key, look again, and print what came of it."""
    try:
        count = sum(rotation.rotate(works).values())
    except OSError as no:
        why = f"链头文件 {works.settings.audit.heads} 写不了：{no.strerror}"
        raise Refused(f"数据都换好了，{why}；能写了再执行一次，再去掉旧的密钥。") from None
    print(f"已换 {count} 行。", flush=True)
    if late := sum(rotation.rotate(works).values()):
        raise Refused(f"又有 {late} 行用旧密钥写入：还有进程没换上新设置。都重新启动以后，再执行一次。")
    days = max(works.settings.survey.days_valid, math.ceil(works.settings.people.code_hours / 24))
    print(f"数据都用 data_keys 的第一个密钥了。{days} 天后可以去掉旧的：在那以前发出的问卷链接和绑定码要靠它。")


COMMANDS: Mapping[str, Callable[[Works, Platforms, Namespace], int | None]] = {
    "department set": department_set,
    "org sync": orgs.org_sync,
    "user add": user_add,
    "user bind": user_bind,
    "user disable": user_disable,
    "user import": user_import,
    "user absent": company.user_absent,
    "duty set": company.duty_set,
    "duty clear": company.duty_clear,
    "role set": role_set,
    "product set": product_set,
    "audit verify": lambda works, _, said: audits.verify(works, said),
    "audit export": lambda works, _, said: audits.export(works, said),
    "person export": persons.person_export,
    "person erase": persons.person_erase,
    "keys rotate": keys_rotate,
}
