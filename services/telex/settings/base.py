"""What every section is made of."""

from dataclasses import field
from typing import Any, ClassVar

from pydantic import ConfigDict


def setting(default: Any, unit: str, description: str, *, secret: bool = False) -> Any:
    """A setting: its default, and what the table of settings says of it."""
    metadata = {"unit": unit, "description": description, "secret": secret}
    return field(default=default, metadata=metadata, repr=not secret)


class Section:
    """What pydantic is told of a section; the sections themselves are plain dataclasses."""

    __slots__ = ()
    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")
