"""The JSON files that Earmark saves: each says what it is and of which version."""

from __future__ import annotations

import json

from models.errors import InputError


def opened(text: str | bytes, *, format: str, version: int, what: str, button: str) -> dict:
    """The object in such a file.

    Args:
        format, version: the `format` and `format_version` it must have.
        what: what it should hold, in words.
        button: what the button says that saves such a file.

    Raises:
        InputError: the text is not JSON, of another format, or of another version; the message says which.
    """
    advice = f"Choose a file that Earmark saved with “{button}”."
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"This file is not JSON. {advice}") from error
    if not isinstance(body, dict) or body.get("format") != format:
        raise InputError(f"This JSON does not hold {what}. {advice}")
    if body.get("format_version") != version:
        raise InputError(
            f"This file has format version {body.get('format_version')!r}; this Earmark reads version {version}. "
            "Open it with the version of Earmark that saved it."
        )
    return body
