"""Where the program listens: the configured port, or the next free one."""

from __future__ import annotations

import errno
import socket
from typing import Any

from models.errors import Refused
from models.settings import Server

PORTS_TO_TRY = 20


def free_port(server: Server) -> Server:
    """The configured port, or the next free one, with a sentence when it was taken. Raises Refused."""
    for port in range(server.port, min(server.port + PORTS_TO_TRY, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((server.host, port))
            except OSError as no:
                if no.errno != errno.EADDRINUSE:
                    raise Refused(
                        f"[server] {server.host}:{port} 用不了：{no.strerror}。请写本机的地址，例如 127.0.0.1。"
                    ) from no
                continue
        if port != server.port:
            print(f"端口 {server.port} 已被占用，改用 {port}。")
        return server.model_copy(update={"port": port})
    raise Refused(f"端口 {server.port} 到 {server.port + PORTS_TO_TRY - 1} 都被占用，请在 [server] port 换一个。")


def gunicorn(server: Server, *, beside: bool) -> dict[str, Any]:
    """`--no-control-socket`: nothing of ours listens that nobody asked for. No header changes scheme or path."""
    return {
        "bind": f"{server.host}:{server.port}",
        "workers": 1 if beside else server.workers,
        "threads": server.threads,
        "worker_class": "gthread",
        "graceful_timeout": 6,
        "control_socket_disable": True,
        "loglevel": "warning",
        "logger_class": "bot.server_lines.Lines",
        "forwarded_allow_ips": "",
        "proc_name": "keban",
    }
