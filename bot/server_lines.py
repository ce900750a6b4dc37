"""What gunicorn itself has to say goes where every other line goes."""

from __future__ import annotations

from gunicorn.config import Config
from gunicorn.glogging import Logger


class Lines(Logger):  # type: ignore[misc]
    """Without handlers of its own, so that a broken request makes one JSON line and shows no link. No access log."""

    def setup(self, cfg: Config) -> None:
        """Also called again whenever gunicorn reads its configuration anew."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
