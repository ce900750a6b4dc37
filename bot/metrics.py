"""Figures for a monitoring system, read from the database when it asks: every process answers the same (O5)."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from models import health
from models.crm import deliveries
from models.crm.deliveries import Standing
from models.health import Health
from models.work import Works


class Figures:
    """What the registry asks. No figure names a person, a customer or a chat."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def collect(self) -> Iterator[Metric]:
        with self._works.read() as work:
            seen, dead, found = deliveries.standings(work), deliveries.given_up(work), health.look(work)
        yield from _ages(found)
        yield from _platforms(seen)
        yield GaugeMetricFamily("keban_outbox_dead", "Messages that were given up", value=dead)


def _ages(found: Health) -> Iterator[Metric]:
    ticked = float("nan") if found.scheduler is None else found.scheduler
    yield GaugeMetricFamily("keban_scheduler_age_seconds", "Since the scheduler ticked last", value=ticked)
    yield GaugeMetricFamily("keban_outbox_age_seconds", "Since the oldest answer or alert is due", value=found.outbox)
    stood = GaugeMetricFamily("keban_stream_age_seconds", "Since the long connection stood last", labels=["platform"])
    for platform, age in found.streams.items():
        stood.add_metric([platform], age)
    yield stood


def _platforms(seen: list[Standing]) -> Iterator[Metric]:
    gauges = {
        "waiting": ("keban_outbox_waiting", "Messages that are due"),
        "away": ("keban_platform_away", "Whether the platform does not answer"),
        "slow": ("keban_platform_slowed", "Whether it refused too many calls lately"),
        "calls": ("keban_platform_month_calls", "Calls of this month that are billed"),
        "monthly": ("keban_platform_month_limit", "Calls a month that are paid for; 0 where nobody counts"),
    }
    for name, (called, about) in gauges.items():
        gauge = GaugeMetricFamily(called, about, labels=["platform"])
        for each in seen:
            gauge.add_metric([each.platform], float(getattr(each, name)))
        yield gauge
    outcomes = CounterMetricFamily("keban_platform_calls", "What calls came to", labels=["platform", "outcome"])
    for each in seen:
        for outcome, count in sorted(each.totals.items()):
            outcomes.add_metric([each.platform, outcome], count)
    yield outcomes


def page(works: Works) -> bytes:
    """The figures in Prometheus' text format. Raises Unavailable."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(works))
    return generate_latest(registry)
