"""/绑定: an account says who it is, once."""

from __future__ import annotations

from bot.event import Event
from bot.routing import Router
from cards import common
from cards.kit import Card
from models.crm import people
from models.errors import Refused
from models.work import Work

router = Router()


@router.command("/绑定 <码> <手机后四位>", "/bind", may=None)
def bind(code: str, last_four: str, *, work: Work, event: Event) -> Card:
    """第一次用，先绑定自己。绑定码向管理员要，只在私聊里发。
    例：/绑定 3F9A12BC 8001
    """
    if not event.private:
        raise Refused("请在和我的私聊里绑定，不要把绑定码发在群里。")
    before = people.by_account(work, event.platform, event.account)
    user = people.bind(work, event.platform, event.account, code, last_four)
    other = before.name if before is not None and before.id != user.id else ""
    parted = f"\n这个账号原来是{other}的，{other}的绑定已解除，要用请向管理员要新的绑定码。" if other else ""
    return common.done("绑定成功", f"{user.name}，你好！发 /帮助 看看能做什么。{parted}")
