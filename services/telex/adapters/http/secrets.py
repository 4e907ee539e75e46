"""Secrets by reference: read when they are needed, never kept, never shown."""

import asyncio
import base64
import os
from pathlib import Path
from typing import Final

from telex.core.model import SecretRef

MAX_SECRET: Final = 64 * 1024
"""The largest secret, in bytes."""


class SecretMissing(Exception):
    """A reference leads to nothing usable. The message names the reference, which is no secret, and never the value."""


async def resolve(ref: SecretRef) -> str:
    """The value that `env:NAME` or `file:PATH` leads to now, without white space at its ends.

    A file is read again for every request: it may be rotated under a running service.

    Raises:
        SecretMissing: it is not set, not readable, empty, too long or not printable on one line.
    """
    kind, _, name = ref.reference.partition(":")
    if kind == "env":
        value = os.environ.get(name)
    elif kind == "file":
        value = await asyncio.to_thread(_read, name)
    else:
        raise SecretMissing("a secret reference is neither env:NAME nor file:PATH")
    value = value.strip() if value is not None else ""
    if not value:
        raise SecretMissing(f"the secret {ref.reference} is not set, not readable or empty")
    if not value.isprintable():  # a line break would begin another header
        raise SecretMissing(f"the secret {ref.reference} is not one printable line")
    return value


async def basic_authorization(ref: SecretRef) -> str:
    """The Authorization value for a secret of the form "user:password" (RFC 7617).

    Raises:
        SecretMissing: see `resolve`; or it has no colon.
    """
    return basic(await resolve(ref), ref.reference)


def basic(pair: str, reference: str) -> str:
    """The Authorization value of "user:password".

    Raises:
        SecretMissing: there is no colon.
    """
    if ":" not in pair:
        raise SecretMissing(f"the secret {reference} is not of the form user:password")
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _read(path: str) -> str | None:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_SECRET + 1)
    except (OSError, ValueError):
        return None
    if len(content) > MAX_SECRET:
        return None
    return content.decode("utf-8", "replace")
