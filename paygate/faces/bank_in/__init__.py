"""The bank's face, `/api/bank/{source}`: signed news of money in, `{received, outcome}` out."""

from paygate.faces.bank_in.answers import BankProblem
from paygate.faces.bank_in.errors import refuse
from paygate.faces.bank_in.handlers import receive
from paygate.faces.bank_in.operations import OPERATIONS

__all__ = ["OPERATIONS", "BankProblem", "receive", "refuse"]
