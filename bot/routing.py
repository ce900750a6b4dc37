"""Routes: commands, pressed actions and forms to handlers; help and suggestions come from the same table."""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from rapidfuzz import fuzz, process

from bot.event import Event, Press
from bot.grammar import Mark, Shape, first_word, marks, split_keys, unquoted
from bot.unread import Mend, Which
from cards import common
from cards.kit import Action, BadAction, Card
from models import outbox
from models.crm import drafts
from models.crm.people import Me
from models.errors import AlreadyDone, Ambiguous, NotAllowed, Refused
from models.policy import Permission
from models.tables import Outcome
from models.work import Work

Handler = Callable[..., Card]
#: answers a line that is no command; None where it means nothing to it.
Maybe = Callable[[str, Work, Me], Card | None]
Convert = Callable[[str, Work, Me], object]
C = TypeVar("C", bound=Convert)
FormOf = Callable[[Mapping[str, str], Mapping[str, str], int], Card]
INJECTED = {"work", "me", "form", "router", "event"}
Words = dict[str, str]


@dataclass(frozen=True, slots=True)
class Reader:
    """How words become a value. `greedy` ones take all words up to the next key, others the first only."""

    convert: Convert
    greedy: bool = True


READERS: dict[type, Reader] = {str: Reader(lambda text, *_: text)}


def reads(kind: type, *, greedy: bool = True) -> Callable[[C], C]:
    """Register how words become a value of this type."""

    def keep(convert: C) -> C:
        READERS[kind] = Reader(convert, greedy)
        return convert

    return keep


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the usage line, married to the handler's parameter."""

    mark: Mark
    param: str
    reader: Reader


@dataclass(frozen=True)
class Command:
    """One thing people can say."""

    usage: str
    names: tuple[str, ...]
    about: str
    may: Permission | None
    call: Handler
    places: tuple[Place, ...]
    form: FormOf | None = None
    pairs: tuple[str, ...] = ()
    injected: frozenset[str] = frozenset()
    alone: Handler | None = None

    def allows(self, me: Me | None) -> bool:
        """Whether this person may say it; a command without a permission is for everybody, bound or not."""
        return self.may is None or (me is not None and self.may in me.rights)

    def words(self, text: str) -> Words:
        """What was typed, by parameter. Nothing is read yet and nothing is lost."""
        keyed = {place.mark.label: place for place in self.places if place.mark.shape is Shape.KEYED}
        before, said = split_keys(text, self.pairs or keyed)
        if self.pairs:
            return {self.places[0].param: json.dumps([before, *said], ensure_ascii=False)} if before or said else {}
        found: Words = {}
        complete = self._complete(before)
        for label, value in said:
            place = keyed[label]
            if not place.reader.greedy or not complete:
                value, left = first_word(value)
                before = f"{before} {left}".strip() if left else before
                complete = complete or (bool(left) and self._complete(before))
            found[place.param] = f"{found.get(place.param, '')} {unquoted(value)}".strip()
        return self._ordered(before) | found

    def _complete(self, text: str) -> bool:
        needed = [each for each in self.places if each.mark.required and each.mark.shape is not Shape.KEYED]
        return all(place.param in self._ordered(text) for place in needed)

    def _ordered(self, text: str) -> Words:
        found: Words = {}
        places = [place for place in self.places if place.mark.shape in (Shape.WORD, Shape.REST)]
        for place in places:
            if place.mark.shape is Shape.WORD:
                word, text = first_word(text)
            else:
                word, text = unquoted(text.strip()), ""
            if place is places[-1]:
                word = f"{word} {text}".strip()  # more words than places: they belong to the last
            if word:
                found[place.param] = word
        return found

    def missing(self, words: Words) -> list[Place]:
        """Required places without words."""
        return [place for place in self.places if place.mark.required and not words.get(place.param, "").strip()]

    def read(self, words: Words, work: Work, me: Me) -> dict[str, object]:
        """The values, place by place. Raises Mend with what is wrong with which, or Which."""
        values: dict[str, object] = {}
        wrong: dict[str, str] = {}
        barred: Refused | None = None
        for place in self.places:
            if text := words.get(place.param, "").strip():
                try:
                    values[place.param] = place.reader.convert(text, work, me)
                except Ambiguous as several:
                    raise Which(place.param, several) from several
                except Refused as no:
                    wrong[place.param] = no.say
                    barred = no if no.denied else barred
        if wrong:
            raise Mend(wrong, barred)
        return values


@dataclass(frozen=True, slots=True)
class Act:
    """The handler of an action."""

    may: Permission | None
    call: Handler
    injected: frozenset[str]


@dataclass
class Router:
    """What can be said and pressed. Modules declare on their own router; `include` joins them."""

    commands: dict[str, Command] = field(default_factory=dict)
    actions: dict[type[Action], Act] = field(default_factory=dict)
    maybe: list[tuple[Permission, Maybe]] = field(default_factory=list)

    def command(
        self,
        usage: str,
        *aliases: str,
        may: Permission | None,
        form: FormOf | None = None,
        pairs: Iterable[str] = (),
        alone: Handler | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare a command by its usage line. `form` builds the card that opens when words are missing; `alone`
        answers the command without a word. Raises TypeError at import when usage line and signature do not match.
        """
        names = (usage.split()[0], *aliases)

        def keep(call: Handler) -> Handler:
            about = inspect.getdoc(call)
            if not about:
                raise TypeError(f"{call.__name__} needs a docstring: /帮助 shows it")
            places, injected = _places(usage, call)
            command = Command(usage, names, about, may, call, places, form, tuple(pairs), injected, alone)
            for name in names:
                if name in self.commands:
                    raise TypeError(f"{name} is declared twice")
                self.commands[name] = command
            return call

        return keep

    def action(self, kind: type[Action], *, may: Permission | None) -> Callable[[Handler], Handler]:
        """Declare who receives an action: whoever has the permission, everybody who is bound where there is none."""

        def keep(call: Handler) -> Handler:
            if kind in self.actions:
                raise TypeError(f"{kind.name} is declared twice")
            self.actions[kind] = Act(may, call, _given(call))
            return call

        return keep

    def plain(self, *, may: Permission) -> Callable[[Maybe], Maybe]:
        """Declare what whoever has the permission may mean by a line that is no command."""

        def keep(call: Maybe) -> Maybe:
            self.maybe.append((may, call))
            return call

        return keep

    def include(self, *others: Router) -> None:
        """Take over what other modules declared."""
        for other in others:
            if twice := (self.commands.keys() & other.commands.keys()) | (self.actions.keys() & other.actions.keys()):
                raise TypeError(f"declared twice: {twice}")
            self.commands |= other.commands
            self.actions |= other.actions
            self.maybe += other.maybe

    def answer(self, work: Work, me: Me | None, event: Event) -> Card:
        """Carry out what was typed or pressed. Raises Refused."""
        if event.press is None:
            return self.said(work, me, event.text, event)
        return self.pressed(work, me, event.press, event)

    def said(self, work: Work, me: Me | None, text: str, event: Event) -> Card:
        """Carry out a line of text."""
        command, word, tail = self._named(text)
        if command is None:
            return self._meant(work, me, text, word) if me else common.hello(UNBOUND)
        return self._run(command, command.words(tail), Asked(work, me, event, self))

    def _meant(self, work: Work, me: Me, text: str, word: str) -> Card:
        tried = (call(text, work, me) for may, call in self.maybe if may in me.rights)
        return next(filter(None, tried), None) or common.unknown(word, self._near(word, me))

    def knows(self, text: str) -> bool:
        """Whether a line of text is a command."""
        return self._named(text)[0] is not None

    def _named(self, text: str) -> tuple[Command | None, str, str]:
        """The command that a line names, with its first word and the rest."""
        word, tail = [*text.split(maxsplit=1), "", ""][:2]
        word = f"/{word[1:]}" if word.startswith("／") else word
        return self.commands.get(word.lower()), word, tail

    def pressed(self, work: Work, me: Me | None, press: Press, event: Event) -> Card:
        """Carry out an action."""
        try:
            action = Action.unpack(press.value)
        except BadAction:
            raise Refused(GONE) from None
        if me is None:
            raise NotAllowed(UNBOUND)
        card = self._act(work, me, action, press, event)
        if (
            action.once
            and work.changed
            and press.message_id  # what belongs to no message is once by its event
            and not outbox.claim(work, f"{event.platform}:{press.message_id}:{action.name}")
        ):
            raise AlreadyDone("这张卡片已经提交过了，不用再点。")
        return card

    def _act(self, work: Work, me: Me, action: Action, press: Press, event: Event) -> Card:
        match action:
            case common.Submit(command=name, draft=draft):
                kept = drafts.words(work, me, draft) if draft else {}
                return self._run(self._called(name), kept | dict(press.form), Asked(work, me, event, self))
            case common.Choose(draft=draft, place=param, value=chosen):
                name = drafts.command(work, me, draft)
                words = drafts.words(work, me, draft) | {param: chosen}
                return self._run(self._called(name), words, Asked(work, me, event, self))
        if (act := self.actions.get(type(action))) is None:
            raise Refused(GONE)
        if act.may is not None and act.may not in me.rights:
            raise NotAllowed()
        return act.call(action, **Asked(work, me, event, self).given(act.injected))

    def _called(self, name: str) -> Command:
        if name not in self.commands:
            raise Refused(GONE)
        return self.commands[name]

    def name_of(self, event: Event) -> str:
        """Which command or action an event would reach; for looking on, not for deciding."""
        name = self.tried(event)
        return self.commands[name].usage if event.press is None and name else name

    def tried(self, event: Event) -> str:
        """The name of the command or action that an event is meant for; empty for what is none of ours."""
        word, *_ = [*event.text.lower().split(maxsplit=1), ""]
        if event.press is not None:
            try:
                action = Action.unpack(event.press.value)
            except BadAction:
                return ""
            if not isinstance(action, common.Submit):
                return action.name
            word = action.command
        return self.commands[word].names[0] if word in self.commands else ""

    def known(self, me: Me | None) -> list[Command]:
        """The commands this person may say, each once."""
        return [each for each in dict.fromkeys(self.commands.values()) if each.allows(me)]

    def _near(self, word: str, me: Me | None) -> list[str]:
        names = [name for command in self.known(me) for name in command.names]
        wanted = "/" + word.lower().lstrip("/")
        starts = [name for name in names if len(wanted) > 1 and (wanted.startswith(name) or name.startswith(wanted))]
        bare = {name: name.lstrip("/") for name in names}
        alike = process.extract(wanted.lstrip("/"), bare, scorer=fuzz.ratio, limit=3, score_cutoff=50)
        return list(dict.fromkeys([*starts, *(name for _, _, name in alike)]))[:3]

    def _run(self, command: Command, words: Words, asked: Asked) -> Card:
        if not command.allows(asked.me):
            raise NotAllowed() if asked.me else NotAllowed(UNBOUND)
        if command.alone is not None and not words:
            return command.alone(**asked.given(_given(command.alone)))
        missing = command.missing(words)
        if missing and (command.form is None or asked.me is None):
            raise Refused(f"还缺{'、'.join(place.mark.label for place in missing)}。用法：{command.usage}")
        try:
            values = command.read(words, asked.work, cast(Me, asked.me))
            if not missing:
                return command.call(**values, **asked.given(command.injected))
            wrong: Mapping[str, str] = {}
        except Which as which:
            draft = drafts.keep(asked.work, cast(Me, asked.me), command.names[0], words)
            return common.choose(which.several, draft, which.param)
        except Mend as no:
            if no.barred is not None:
                self._barred(command, no.barred, asked)
            wrong = no.fields
        empty = dict.fromkeys((place.param for place in missing), "请填写。" if asked.form else "")
        return self._ask(command, words, {**empty, **wrong}, asked)

    def _barred(self, command: Command, no: Refused, asked: Asked) -> None:
        """A form says what was refused and is an answer like any other; what has none is refused as a whole."""
        if command.form is None:
            raise no
        if asked.me is not None:
            asked.work.audit(command.names[0], no.subject or f"user:{asked.me.id}", outcome=Outcome.REFUSED)

    def _ask(self, command: Command, words: Words, errors: Mapping[str, str], asked: Asked) -> Card:
        """The form of a command with everything that was typed, or what is wrong where it has none."""
        if command.form is None or asked.me is None:
            raise Refused("；".join(errors.values()))
        long = any(len(value) > common.FITS_INPUT for value in words.values())
        draft = drafts.keep(asked.work, asked.me, command.names[0], words) if long else 0
        return command.form(words, errors, draft)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a handler may ask for by name."""

    work: Work
    me: Me | None
    event: Event
    router: Router

    @property
    def form(self) -> Words:
        return dict(self.event.press.form) if self.event.press else {}

    def given(self, names: Iterable[str]) -> dict[str, object]:
        return {name: getattr(self, name) for name in names}


GONE = "这个按钮已经失效，请重新发送命令。"
UNBOUND = "还不认识你，请先绑定：在私聊里发送 /绑定 <码> <手机后四位>，绑定码向管理员要。"


def _given(call: Handler) -> frozenset[str]:
    given = {p.name for p in inspect.signature(call).parameters.values() if p.kind is p.KEYWORD_ONLY}
    if given - INJECTED:
        raise TypeError(f"{call.__name__} asks for {given - INJECTED}; there is {INJECTED}")
    return frozenset(given)


def _places(usage: str, call: Handler) -> tuple[tuple[Place, ...], frozenset[str]]:
    """Marry the usage line to the signature, so that a line that lies fails at import."""
    hints = typing.get_type_hints(call)
    said = [p for p in inspect.signature(call).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    shown = marks(usage)
    if len(shown) != len(said):
        raise TypeError(f"{call.__name__} takes {len(said)} words, its usage line shows {len(shown)}")
    return tuple(map(_place, shown, said, [hints] * len(said))), _given(call)


def _place(mark: Mark, param: inspect.Parameter, hints: Mapping[str, Any]) -> Place:
    if mark.required is not (param.default is param.empty):
        raise TypeError(f"{param.name} is optional in one place only")
    hint = hints[param.name]
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    kind = next(each for each in typing.get_args(hint) if each is not types.NoneType) if union else hint
    if kind not in READERS:
        raise TypeError(f"{param.name}: nothing reads a {kind} from text")
    return Place(mark, param.name, READERS[kind])
