"""A program in this process, served to a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from conftest import Company


@contextmanager
def served(company: Company) -> Iterator[str]:
    """Where its pages are while the block lasts."""
    server = make_server("127.0.0.1", 0, company.keban.client.application, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
