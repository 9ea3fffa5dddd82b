"""Slip verifiers: who can say what a slip's reference really stands for."""

from paygate.banks.slips.facts import (
    ErrorKind,
    Party,
    SlipFacts,
    SlipRef,
    SlipVerifier,
    Vendor,
    VerifierError,
)

__all__ = ["ErrorKind", "Party", "SlipFacts", "SlipRef", "SlipVerifier", "Vendor", "VerifierError"]
