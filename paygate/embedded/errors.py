"""The one error of the embedded PostgreSQL."""

from __future__ import annotations


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be had; the text is for a person and says what to do about it."""
