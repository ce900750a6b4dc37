"""Where Python is told to keep no bytecode, every process that a test starts compiles everything anew: seconds each."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile


def keep() -> None:
    """From now on what is started from here keeps it in one folder of its own, which goes when this process ends."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        folder = os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="bytecode-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
