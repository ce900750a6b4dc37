"""APScheduler, which only ticks: what is due stands in the database."""

from __future__ import annotations

import logging
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from models.errors import Unavailable
from models.work import Works
from scheduler.jobs import JOBS, Job

log = logging.getLogger(__name__)


def start(works: Works) -> BackgroundScheduler:
    """Tick every job in this process, as many processes as there may be."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    ticking = BackgroundScheduler(
        timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for job in JOBS:
        ticking.add_job(
            partial(tick, works, job), "interval", seconds=job.seconds, id=job.name, next_run_time=works.clock()
        )
    ticking.start()
    return ticking


def tick(works: Works, job: Job) -> None:
    """Run a job until nothing is left; a fault waits for the next tick."""
    try:
        while works.perform(job.run, channel="scheduler", request=job.name):
            pass
    except Unavailable as away:
        log.warning("job %s waits for the database: %s", job.name, away)
    except Exception:
        log.exception("job %s failed", job.name)
