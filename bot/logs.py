"""Structured logs: one JSON object a line, so that no name with a line break can forge one."""

from __future__ import annotations

import json
import logging
import re
import sys
import time

#: what ends a line, drives a terminal or turns the order of reading: shown by number, as JSON does with the rest.
SIGNS = {n: f"\\u{n:04x}" for n in (*range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
#: the address of a page; whoever has it may answer there, so that no line holds one, whoever writes it.
LINK = re.compile(r"/(survey|form|file)/[^\s\"'\\/?]{16,}")


class JsonLine(logging.Formatter):
    """Time in UTC, level, logger, message, and the traceback of a defect; of a link, which page it opens."""

    def format(self, record: logging.LogRecord) -> str:
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "at": f"{seconds}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return LINK.sub(r"/\1/…", json.dumps(line, ensure_ascii=False).translate(SIGNS))


def configure(level: int = logging.INFO) -> None:
    """Log to standard error. Statements and their values are never logged: they hold contact data."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("alembic", "apscheduler", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
