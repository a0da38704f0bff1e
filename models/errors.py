"""Errors whose message is written for the user: what is wrong, and what to do about it."""


class EarmarkError(Exception):
    """Base of every error this project raises on purpose; `str(error)` is fit for the page."""


class InputError(EarmarkError, ValueError):
    """A clip, a text or a saved explanation that cannot be used as it is."""


class CheckpointError(EarmarkError):
    """A checkpoint folder that is missing, damaged or foreign."""


class Cancelled(EarmarkError):
    """The user stopped a long computation; nothing is half-written."""
