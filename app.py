"""Composition root and command line: config → engine → platforms → router → web, sender, scheduler."""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot import arguments, config, logs, ports
from models.errors import Refused, Unavailable
from models.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from flask import Flask
    from gunicorn.workers.gthread import ThreadWorker
    from sqlalchemy import Engine

    from bot.platform import Platform
    from models.work import Work, Works

ROOT = Path(__file__).parent
#: how long messages under way may take to end when the program stops; else its lease has to run out.
SENDING_ENDS = 8.0
STOPS = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def now() -> dt.datetime:
    """Real time; the only place where the program looks at the clock."""
    return dt.datetime.now(dt.UTC)


class Keban:
    """One process's parts, made when they are first needed (after a fork, never before)."""

    def __init__(self, settings: Settings) -> None:
        from bot import dingtalk, feishu, playground
        from models.engine import connect
        from models.work import Works

        self.settings = settings = config.with_heads(settings)
        self.engine: Engine = connect(settings.database.url, config.keyring(settings))
        self.works: Works = Works(self.engine, now, settings)
        found = (
            feishu.platform(settings.feishu, settings.delivery.speed),
            dingtalk.platform(settings.dingtalk, self.works, settings.delivery.speed),
            playground.platform(settings.playground, self.works),
        )
        self.platforms: dict[str, Platform] = {each.name: each for each in found if each}
        self.works.platforms = frozenset(self.platforms)

    def web(self, stop: threading.Event) -> Flask:
        """The web application, with the playground's page where that is on; its streams end with `stop`."""
        from bot import web
        from bot.dispatch import Dispatcher
        from bot.playground.page import Page
        from handlers import router
        from models.wake import tell

        if not self.works.sqlite:
            self._beside(tell, stop)
        dispatch = Dispatcher(router, self.works, self.platforms)
        served = web.create(self.platforms, dispatch, self.works)
        if self.settings.playground.enabled:
            page = Page(self.works, router, dispatch, lambda: self.demo(anew=True), stop.is_set)
            served.register_blueprint(page.blueprint())
        return served

    def stream(self, name: str, stop: threading.Event) -> list[threading.Thread]:
        """Start receiving over a platform's long connection, until `stop`. Raises Refused without credentials."""
        from bot.dingtalk import stream as dingtalk
        from bot.dispatch import Dispatcher
        from bot.feishu import stream as feishu
        from handlers import router
        from models.text import names
        from models.wake import tell

        if (platform := self.platforms.get(name)) is None:
            raise Refused(f"[{name}] 里还没有填凭证，接不了；步骤见 docs/{name}.md。")
        made = {"feishu": feishu.stream, "dingtalk": dingtalk.stream}[name]
        received = made(self.settings, self.works, platform, Dispatcher(router, self.works, self.platforms))
        receiving = threading.Thread(target=received.run, args=[stop], daemon=True)
        names.initials("客伴")  # brings its dictionaries: the first message does not wait for them
        receiving.start()
        if not self.works.sqlite:
            self._beside(tell, stop)
        return [receiving]

    def _beside(self, call: Callable[..., None], stop: threading.Event) -> threading.Thread:
        """What passes the news between processes, on a connection of its own."""
        passing = threading.Thread(target=call, args=[self.engine, self.works.wake, stop], daemon=True)
        passing.start()
        return passing

    def demo(self, *, anew: bool) -> bool:
        """Load the invented company into an empty database, or `anew` in place of everything."""
        from bot.posting import post_notices
        from models import demo

        def load(work: Work) -> bool:
            loaded = True
            if anew:
                demo.reset(work)
            else:
                loaded = demo.load(work)
            post_notices(work)
            return loaded

        return self.works.perform(load, channel="demo")

    def work(self, stop: threading.Event) -> list[threading.Thread]:
        """Start the senders, the reader of organisations and the scheduler; they end with `stop`."""
        from bot.orgs import Reader
        from bot.sending import Sender
        from models.wake import listen
        from scheduler.run import start

        senders = (Sender(self.works, platform) for platform in self.platforms.values())
        runs = [*(sender.run for sender in senders), Reader(self.works, self.platforms).run]
        threads = [threading.Thread(target=run, args=[stop]) for run in runs]
        for thread in threads:
            thread.daemon = True
            thread.start()
        if not self.works.sqlite:
            threads.append(self._beside(listen, stop))
        ticking = start(self.works)
        ending = threading.Thread(target=lambda: (stop.wait(), ticking.shutdown(wait=False)), daemon=True)
        ending.start()
        return threads


@contextmanager
def opened(settings: Settings) -> Iterator[Keban]:
    """The parts for one command; its connections are closed at the end."""
    keban = Keban(settings)
    try:
        yield keban
    finally:
        keban.engine.dispose()


def serve(settings: Settings, *, beside: bool) -> None:
    """Serve the web in gunicorn; `beside` runs sender and scheduler in the same process."""
    from gunicorn.app.base import BaseApplication

    stop, threads, parts = threading.Event(), list[threading.Thread](), list[Keban]()

    def ready(worker: ThreadWorker) -> None:
        stop_with(worker, stop)
        if beside:  # only now: what cut the loading short would leave them running
            threads.extend(parts[0].work(stop))

    def ended(server: object, worker: object) -> None:
        stop.set()
        for thread in threads:
            thread.join(SENDING_ENDS)
        leave()

    class Served(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for key, value in ports.gunicorn(settings.server, beside=beside).items():
                self.cfg.set(key, value)
            self.cfg.set("worker_exit", ended)
            self.cfg.set("on_exit", lambda server: leave())
            self.cfg.set("post_worker_init", ready)

        def load(self) -> Flask:
            parts.append(Keban(settings))
            return parts[0].web(stop)

    share()
    Served().run()


def share() -> None:
    """Load before the fork what every worker needs and none changes, so that they hold it together."""
    gc.disable()  # all of it stays
    import bot.web  # noqa: F401
    import handlers  # noqa: F401
    import scheduler.run  # noqa: F401
    from models.text import names

    names.initials("客伴")  # brings its dictionaries
    gc.freeze()  # looking through it for garbage would copy its pages
    gc.enable()


def leave() -> None:
    """End this process now that its work is done: taking the interpreter apart costs seconds and saves nothing."""
    logging.shutdown()
    sys.stdout.flush()  # what was printed is shown, although the interpreter does not end in its own way
    os._exit(0)


def stop_with(worker: ThreadWorker, stop: threading.Event) -> None:
    """Whatever tells the worker to stop lets requests end, and ends open streams and what runs beside.

    Ctrl+C reaches it twice, from the terminal and from its arbiter, which must not cut the ending short.
    """

    def stopping(sign: int, frame: FrameType | None) -> None:
        if worker.alive:
            worker.handle_exit(sign, frame)
            stop.set()

    for sign in STOPS:
        signal.signal(sign, stopping)


def run(settings: Settings, said: argparse.Namespace) -> None:
    """全部在一个进程里运行：网页、发送、定时。"""
    if said.demo:
        settings = settings.model_copy(update={"playground": settings.playground.model_copy(update={"enabled": True})})
    server = ports.free_port(settings.server)
    if said.demo and not server.base_url:  # who tries it out opens its links on this machine
        server = server.model_copy(update={"base_url": f"http://{server.host}:{server.port}"})
    settings = settings.model_copy(update={"server": server})
    upgrade(settings)
    if said.demo:
        with opened(settings) as keban:
            keban.demo(anew=False)
    print(f"客伴已启动：http://{server.host}:{server.port}/  （Ctrl+C 停止）", flush=True)
    if settings.playground.enabled:
        print("演练场已打开：在浏览器里打开它，先在「销售」的窗口里发 /新客户。", flush=True)
    elif not (settings.feishu.app_id or settings.dingtalk.client_id):
        print("还没有接飞书或钉钉：在 config.toml 里填好后重新启动，步骤见 README。", flush=True)
    serve(settings, beside=True)


def web(settings: Settings, _: argparse.Namespace) -> None:
    """只运行网页（接收平台的请求），可以在多台机器上各开一个。"""
    demand(settings)
    serve(settings, beside=False)


def worker(settings: Settings, _: argparse.Namespace) -> None:
    """只运行发送和定时，可以在多台机器上各开一个。"""
    demand(settings)
    until_told(lambda stop: Keban(settings).work(stop))


def stream(settings: Settings, said: argparse.Namespace) -> None:
    """只用长连接接收飞书或钉钉的消息和点击，不需要公网地址。"""
    demand(settings)
    until_told(lambda stop: Keban(settings).stream(said.platform, stop))


def demand(settings: Settings) -> None:
    """End what would start on a database that it cannot work on. Raises Refused."""
    from bot import schema

    schema.demand(settings.database.url)


def until_told(start: Callable[[threading.Event], list[threading.Thread]]) -> None:
    """Let threads work until the process is told to stop, and what they have in hand end."""
    stop = threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # before there are threads, who take it over
    threads = start(stop)
    signal.sigwait(STOPS)
    stop.set()
    for thread in threads:
        thread.join(SENDING_ENDS)
    leave()


def upgrade(settings: Settings, _: argparse.Namespace | None = None) -> None:
    """建立数据库，或升级到这个版本的结构。"""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import OperationalError

    from models.crm import standing

    try:
        with opened(settings) as keban:
            with keban.engine.begin() as connection:
                alembic = Config(attributes={"connection": connection})
                alembic.set_main_option("script_location", str(ROOT / "migrations"))
                command.upgrade(alembic, "head")
            keban.works.perform(standing.derive, channel="shell")
    except OperationalError as away:
        raise Unavailable(type(away.orig).__name__) from away


def demo(settings: Settings, said: argparse.Namespace) -> None:
    """载入演示公司；--reset 清空全部数据重新载入。只在演练场打开时可用。"""
    if not settings.playground.enabled:
        raise Refused("演示数据只能载入打开了演练场的数据库（[playground] enabled = true）。")
    upgrade(settings)
    with opened(settings) as keban:
        loaded = keban.demo(anew=said.reset)
    print("演示公司已载入。" if loaded else "数据库里已经有人了，没有改动；要重来请加 --reset。")


def doctor(settings: Settings, said: argparse.Namespace) -> int:
    """检查设置、数据库、时钟、平台的凭证和回调；--register 登记钉钉卡片回调的地址。"""
    from bot.doctor import Doctor

    return Doctor(settings, config.found(said.config), now).report(register=said.register)


def clock(settings: Settings, said: argparse.Namespace) -> None:
    """把演练场的时钟往前拨：--forward 2h、45m、3d，或 --to-next-timer。"""
    from models import playground

    def move(work: Work) -> None:
        if said.to_next_timer:
            playground.to_next_timer(work)
        else:
            playground.forward(work, said.forward)

    demand(settings)
    with opened(settings) as keban:
        keban.works.perform(move, channel="shell")
        with keban.works.read() as work:
            print(f"现在是 {work.now.astimezone(work.office.zone):%Y-%m-%d %H:%M}（演练场的时间）。")


def inside(name: str, about: str) -> arguments.Call:
    """A command of `bot.shell`, which is loaded only where it is called: `--help` is there at once."""

    def run(settings: Settings, said: argparse.Namespace) -> int | None:
        from bot import shell

        demand(settings)
        with opened(settings) as keban:
            return shell.COMMANDS[name](keban.works, keban.platforms, said)

    run.__doc__ = about
    return run


CALLS: dict[str, arguments.Call] = {
    "run": run,
    "web": web,
    "worker": worker,
    "stream": stream,
    "demo": demo,
    "doctor": doctor,
    "clock": clock,
    "db upgrade": upgrade,
    **{name: inside(name, about) for name, about in arguments.SHELL.items()},
}


def main(words: list[str] | None = None) -> int:
    """Run a command; what a person did wrong is a sentence, never a traceback."""
    said = arguments.parser(CALLS).parse_args(words)
    logs.configure()
    try:
        return said.call(config.load(said.config), said) or 0
    except Refused as no:
        print(no.say, file=sys.stderr)
        return 2
    except Unavailable as away:
        logging.getLogger(__name__).warning("unavailable: %s", away)
        print("数据库现在连不上或太忙，请稍后再试。", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
