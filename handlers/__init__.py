"""What people can say: one module a conversation, joined into one router."""

import handlers.words  # noqa: F401 (registers the readers before the commands that need them)
from bot.routing import Router
from handlers import (
    absences,
    audit_log,
    binding,
    complaints,
    customers,
    deals,
    departments,
    digests,
    duty,
    entries,
    follow_ups,
    helping,
    ops,
    orgs,
    people,
    privacy,
    reminders,
    reveals,
    reviews,
    settings,
    surveys,
    today,
)

router = Router()
router.include(
    helping.router,
    binding.router,
    follow_ups.router,
    entries.router,
    reviews.router,
    customers.router,
    complaints.router,
    reminders.router,
    digests.router,
    today.router,
    deals.router,
    surveys.router,
    audit_log.router,
    ops.router,
    absences.router,
    duty.router,
    reveals.router,
    settings.router,
    people.router,
    departments.router,
    privacy.router,
    orgs.router,
)
