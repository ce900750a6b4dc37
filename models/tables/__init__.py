"""Every table, one module a subject: columns and relations, nothing else."""

from models.tables.absences import Absence, ComplaintDuty, DutyShift
from models.tables.audit import Audit, AuditHead, Outcome
from models.tables.base import Base
from models.tables.chats import ClosedChat
from models.tables.complaints import Acknowledgement, Channel, Complaint, ComplaintSource, ComplaintState, Severity
from models.tables.customers import (
    Contact,
    Counter,
    Customer,
    DealStage,
    FunnelStage,
    Kind,
    Level,
    NameGram,
    PrivateValue,
    Requirement,
    Review,
    ReviewState,
    StageEntry,
    Status,
)
from models.tables.deals import Deal, DealState, Origin, Product
from models.tables.files import Erasure, FileLink
from models.tables.follow_ups import Draft, FollowUp, Method
from models.tables.forms import FormLink
from models.tables.health import Heartbeat
from models.tables.held import Held
from models.tables.messages import CardMessage, Claim, Code, Outbox, OutboxState, PlatformPace, ReplyDoor
from models.tables.orgs import OrgDirty, OrgKind, OrgLink, OrgProposal, OrgState, ProposalState
from models.tables.people import (
    Department,
    DepartmentSupervisor,
    Identity,
    Role,
    RoleGrant,
    Supervision,
    User,
    UserRole,
)
from models.tables.playground import Fault, Shown
from models.tables.preferences import Preference
from models.tables.surveys import Survey, SurveyReason
from models.tables.time import CalendarRun, Clock, Deadline, Timer, TimerState
from models.tables.views import View, ViewSubscription

__all__ = [
    "Absence",
    "Acknowledgement",
    "Audit",
    "AuditHead",
    "Base",
    "CalendarRun",
    "CardMessage",
    "Channel",
    "Claim",
    "Clock",
    "ClosedChat",
    "Code",
    "Complaint",
    "ComplaintDuty",
    "ComplaintSource",
    "ComplaintState",
    "Contact",
    "Counter",
    "Customer",
    "Deadline",
    "Deal",
    "DealStage",
    "DealState",
    "Department",
    "DepartmentSupervisor",
    "Draft",
    "DutyShift",
    "Erasure",
    "Fault",
    "FileLink",
    "FollowUp",
    "FormLink",
    "FunnelStage",
    "Heartbeat",
    "Held",
    "Identity",
    "Kind",
    "Level",
    "Method",
    "NameGram",
    "OrgDirty",
    "OrgKind",
    "OrgLink",
    "OrgProposal",
    "OrgState",
    "Origin",
    "Outbox",
    "OutboxState",
    "Outcome",
    "PlatformPace",
    "Preference",
    "PrivateValue",
    "Product",
    "ProposalState",
    "ReplyDoor",
    "Requirement",
    "Review",
    "ReviewState",
    "Role",
    "RoleGrant",
    "Severity",
    "Shown",
    "StageEntry",
    "Status",
    "Supervision",
    "Survey",
    "SurveyReason",
    "Timer",
    "TimerState",
    "User",
    "UserRole",
    "View",
    "ViewSubscription",
]
