"""The rows of payments, one file for each thing."""

from payments.models.attachments import Attachment
from payments.models.beneficiary import Beneficiary, BeneficiaryChange, PayoutRules
from payments.models.bulk import BULK_KINDS, BulkError, BulkFile, BulkItem
from payments.models.desk import Stage, Withdrawal
from payments.models.job import Job, JobName, JobRun
from payments.models.limit import Limit, LimitTurn
from payments.models.notes import Note
from payments.models.payment import Kind, Method, Payment
from payments.models.payout import (
    PayingAccount,
    PayoutAnswer,
    PayoutAnswerLine,
    PayoutBatch,
    PayoutFile,
    PayoutLine,
)
from payments.models.reconciliation import Difference, Reconciliation
from payments.models.records import MoneyMirror, MoneyRecord
from payments.models.stop import WithdrawalStop
from payments.models.warnings import (
    NEEDS_DECISION,
    BulkWarning,
    LineDecision,
    Topic,
    WarningCheck,
    WarningsShown,
)

__all__ = [
    "BULK_KINDS",
    "NEEDS_DECISION",
    "Attachment",
    "Beneficiary",
    "BeneficiaryChange",
    "BulkError",
    "BulkFile",
    "BulkItem",
    "BulkWarning",
    "Difference",
    "Job",
    "JobName",
    "JobRun",
    "Kind",
    "Limit",
    "LimitTurn",
    "LineDecision",
    "Method",
    "MoneyMirror",
    "MoneyRecord",
    "Note",
    "PayingAccount",
    "Payment",
    "PayoutAnswer",
    "PayoutAnswerLine",
    "PayoutBatch",
    "PayoutFile",
    "PayoutLine",
    "PayoutRules",
    "Reconciliation",
    "Stage",
    "Topic",
    "WarningCheck",
    "WarningsShown",
    "Withdrawal",
    "WithdrawalStop",
]
