"""The command line: which words and options there are. What each command does stands in `app.py`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.policy import Permission, Reach
from models.settings import Settings
from models.tables import Role

Call = Callable[[Settings, argparse.Namespace], int | None]

#: what the commands of `bot.shell` do; they are loaded only where they are called.
SHELL: Mapping[str, str] = {
    "department set": "添加或修改部门。",
    "user add": "添加或修改人员，并打印绑定码。",
    "user bind": "按手机号找到飞书或钉钉的账号并绑定：--staff-no 工号，或 --all 还没有账号的人。",
    "user disable": "停用一个人：他什么都不能做，也收不到消息；再 user add 一次就恢复。",
    "user import": "从 CSV 添加或修改很多人，并打印绑定码；有一行不对就一个都不动。",
    "org sync": "从飞书、钉钉的通讯录同步部门和人员：--dry-run 只看会改什么，--platform 只读一个平台。",
    "user absent": "登记请假和代理人。",
    "duty set": "排值班：每周的星期几，或某一天。",
    "duty clear": "清除值班：全部，或某几天的。",
    "role set": "改一个角色的一项权限，马上生效。",
    "audit verify": "核对审计日志：改过、删掉、插进、调换、截断和没有封存的行；有就以 1 结束。",
    "audit export": "把审计日志导出成文件，第三方可以自己核对；--from 和 --to 是起止的日子。",
    "person export": "应本人要求，把一个人的个人信息导出成文件：--customer 客户编号，或 --staff-no 工号。",
    "person erase": "应本人要求，擦除一个人的个人信息，不能恢复；统计不变。员工要先停用。",
    "keys rotate": "换密钥：都换成 data_keys 里第一个密钥的，程序照常运行；中断了再执行一次。",
    "product set": "添加或修改产品目录里的产品。",
}


def parser(calls: Mapping[str, Call]) -> argparse.ArgumentParser:
    """Every command has `--help`; `calls` says by the command's words what it calls."""
    top = argparse.ArgumentParser("app.py", description="客伴 Keban：在工作群里用的 CRM")
    top.add_argument("--config", metavar="FILE", help="配置文件，默认 config.toml 或环境变量 KEBAN_CONFIG")
    commands = top.add_subparsers(required=True, metavar="命令")
    for add in (_running, _playground, _company, _presence, _audit, _persons, _keys):
        add(commands, calls)
    return top


def _running(commands: Any, calls: Mapping[str, Call]) -> None:
    running = _command(commands, "run", calls["run"])
    running.add_argument("--demo", action="store_true", help="打开演练场；数据库还空着就载入演示公司")
    for name in ("web", "worker"):
        _command(commands, name, calls[name])
    receiving = _command(commands, "stream", calls["stream"])
    receiving.add_argument("--platform", required=True, choices=["feishu", "dingtalk"], help="接哪一个平台")
    doctor = _command(commands, "doctor", calls["doctor"])
    doctor.add_argument("--register", action="store_true", help="登记卡片回调")
    _command(_group(commands, "db", "数据库"), "upgrade", calls["db upgrade"])


def _playground(commands: Any, calls: Mapping[str, Call]) -> None:
    _command(commands, "demo", calls["demo"]).add_argument("--reset", action="store_true", help="清空后重新载入")
    moving = _command(commands, "clock", calls["clock"]).add_mutually_exclusive_group(required=True)
    moving.add_argument("--forward", type=duration, metavar="2h", help="往前拨多久")
    moving.add_argument("--to-next-timer", action="store_true", help="拨到下一件定时的事")


def _company(commands: Any, calls: Mapping[str, Call]) -> None:
    setting = _command(_group(commands, "department", "部门"), "set", calls["department set"])
    setting.add_argument("--name", required=True, help="部门名称")
    setting.add_argument("--parent", help="上级部门")
    setting.add_argument("--supervisor", action="append", default=[], metavar="STAFF_NO", help="主管工号，可多次")
    users = _group(commands, "user", "人员")
    _takes_a_person(_command(users, "add", calls["user add"]))
    _takes_people(_command(users, "bind", calls["user bind"]))
    _takes_a_leave(_command(users, "absent", calls["user absent"]))
    disabling = _command(users, "disable", calls["user disable"])
    disabling.add_argument("--staff-no", required=True, help="工号")
    bringing = _command(users, "import", calls["user import"])
    bringing.add_argument("file", metavar="FILE", type=Path, help="CSV，第一行：工号,姓名,部门,角色,手机")
    granting = _command(_group(commands, "role", "角色"), "set", calls["role set"])
    granting.add_argument("--role", required=True, type=Role, choices=list(Role), help="角色")
    granting.add_argument("--permission", required=True, choices=[*Permission], help="权限")
    reaches = ["none", *(each.name.lower() for each in Reach)]
    granting.add_argument("--reach", required=True, choices=reaches, help="范围，none 是没有")
    reading = _command(_group(commands, "org", "组织"), "sync", calls["org sync"])
    reading.add_argument("--platform", choices=["feishu", "dingtalk"], help="只读这个平台；不写就读接好的每个平台")
    reading.add_argument("--dry-run", action="store_true", help="只看会改什么，不改")
    selling = _command(_group(commands, "product", "产品目录"), "set", calls["product set"])
    selling.add_argument("--name", required=True, help="产品名称")
    selling.add_argument("--off", action="store_true", help="停用，旧的成交记录不变")


def _takes_a_person(adding: argparse.ArgumentParser) -> None:
    for name, about in (("staff-no", "工号"), ("name", "姓名"), ("department", "部门"), ("mobile", "手机号")):
        adding.add_argument(f"--{name}", required=True, help=about)
    adding.add_argument("--role", required=True, action="append", type=Role, choices=list(Role), help="角色，可多次")
    adding.add_argument("--feishu", metavar="OPEN_ID", help="直接绑定飞书账号")
    adding.add_argument("--dingtalk", metavar="USERID", help="直接绑定钉钉账号")


def _takes_a_leave(absent: argparse.ArgumentParser) -> None:
    absent.add_argument("--staff-no", required=True, help="请假的人的工号")
    absent.add_argument("--from", dest="since", required=True, metavar="时间", help="例如 现在、明天、12月1日")
    absent.add_argument("--to", dest="until", required=True, metavar="时间", help="例如 12月3日（含当天）")
    absent.add_argument("--deputy", metavar="STAFF_NO", help="代理人的工号")


def _presence(commands: Any, calls: Mapping[str, Call]) -> None:
    roster = _group(commands, "duty", "值班")
    setting, clearing = (_command(roster, name, calls[f"duty {name}"]) for name in ("set", "clear"))
    for each, needed in ((setting, True), (clearing, False)):
        each.add_argument("--department", required=True, help="部门名称")
        which = each.add_mutually_exclusive_group(required=needed)
        which.add_argument("--weekday", metavar="1-5", help="每周的星期几，周一是 1，例如 1-5、6、6-7")
        which.add_argument("--date", metavar="2026-12-25", help="某一天，优先于每周的")
    setting.add_argument("--from", dest="since", required=True, metavar="18:00", help="从几点")
    setting.add_argument("--to", dest="until", required=True, metavar="22:00", help="到几点，不晚于开始就是次日")
    setting.add_argument("--staff-no", help="值班人的工号；某一天没有人值班就不写")


def _keys(commands: Any, calls: Mapping[str, Call]) -> None:
    _command(_group(commands, "keys", "密钥"), "rotate", calls["keys rotate"])


def _persons(commands: Any, calls: Mapping[str, Call]) -> None:
    persons = _group(commands, "person", "个人信息")
    exporting, erasing = (_command(persons, name, calls[f"person {name}"]) for name in ("export", "erase"))
    for each in (exporting, erasing):
        whose = each.add_mutually_exclusive_group(required=True)
        whose.add_argument("--customer", metavar="C202611001", help="客户编号")
        whose.add_argument("--staff-no", help="员工的工号")
        each.add_argument("--contact", metavar="李雷", help="只是这个联系人的，和 --customer 一起写")
    exporting.add_argument("file", metavar="FILE", type=Path, help="新文件的名字")
    erasing.add_argument("--reason", required=True, help="原因，会一直留在审计日志里")
    erasing.add_argument("--yes", action="store_true", help="确定要擦除")


def _takes_people(parser: argparse.ArgumentParser) -> None:
    """Whom to bind, and where."""
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--staff-no", action="append", metavar="STAFF_NO", help="工号，可多次")
    whom.add_argument("--all", action="store_true", help="所有还没有账号的人")
    parser.add_argument("--platform", choices=["feishu", "dingtalk"], help="只在这个平台找；不写就在接好的每个平台找")


def _audit(commands: Any, calls: Mapping[str, Call]) -> None:
    audit = _group(commands, "audit", "审计日志")
    _command(audit, "verify", calls["audit verify"])
    exporting = _command(audit, "export", calls["audit export"])
    exporting.add_argument("--from", dest="since", type=_day, metavar="2026-11-01", help="从哪一天")
    exporting.add_argument("--to", dest="until", type=_day, metavar="2026-11-30", help="到哪一天")
    exporting.add_argument("file", metavar="FILE", help="新文件的名字")


def _day(text: str) -> dt.date:
    """2026-11-01."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("写成 2026-11-01") from None


def duration(text: str) -> dt.timedelta:
    """2h, 45m, 3d."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if not text[:-1].isdigit() or text[-1] not in units:
        raise argparse.ArgumentTypeError("写成 45m、2h 或 3d")
    return dt.timedelta(**{units[text[-1]]: int(text[:-1])})


def _group(commands: Any, name: str, about: str) -> Any:
    return commands.add_parser(name, help=about).add_subparsers(required=True, metavar="命令")


def _command(under: Any, name: str, call: Call) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = under.add_parser(name, help=call.__doc__, description=call.__doc__)
    made.set_defaults(call=call)
    made.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return made
