"""The rows of payments, one file for each thing."""

from payments.models.bulk import BulkError, BulkFile, BulkItem
from payments.models.limit import Limit, LimitTurn
from payments.models.payment import Kind, Method, Payment
from payments.models.records import MoneyMirror, MoneyRecord

__all__ = [
    "BulkError",
    "BulkFile",
    "BulkItem",
    "Kind",
    "Limit",
    "LimitTurn",
    "Method",
    "MoneyMirror",
    "MoneyRecord",
    "Payment",
]
