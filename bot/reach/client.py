"""Calls our own public address, as a platform would."""

from __future__ import annotations

from itertools import islice

import requests

from bot.platform import Request

#: bytes; a right answer has some hundred, and of anything longer the rest is not read.
PIECE, MOST_PIECES = 4096, 16


class Unreached(Exception):
    """Nothing was answered. `kind` is what the library calls the failure: without an address, which may be private."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def post(url: str, asked: Request, timeout: float) -> tuple[int, bytes]:
    """The status, and how the body begins; `timeout` in seconds. Raises Unreached."""
    headers = {**asked.headers, "Content-Type": "application/json; charset=utf-8"}
    try:
        with requests.post(
            url,
            data=asked.body,
            params=dict(asked.query),
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            return response.status_code, b"".join(islice(response.iter_content(PIECE), MOST_PIECES))
    except ValueError as error:  # also the one of the library below, for a name that can be none
        raise Unreached("InvalidURL") from error
    except requests.RequestException as error:
        raise Unreached(_kind(error)) from error


def _kind(error: requests.RequestException) -> str:
    """What went wrong beneath: where no connection came about, the cause has a `reason`."""
    causes = (getattr(each, "reason", None) for each in error.args)
    return type(next(filter(None, causes), error)).__name__
