"""A disk for SQLite that fails where it is told to: a VFS around the system's."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import apsw


class Operation(StrEnum):
    """What a file system is asked to do that changes something, or can fail."""

    OPEN = "open"
    WRITE = "write"
    SYNC = "sync"
    TRUNCATE = "truncate"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Call:
    """One operation, numbered from 0 since the disk was made. `data` and `offset` are those of a write."""

    number: int
    operation: Operation
    path: Path
    data: bytes = b""
    offset: int = 0


class FaultyDisk(apsw.VFS):
    """Asks `before` ahead of every operation: it may raise an apsw error, which is then the disk's answer.

    It works while the object lives, for connections with `vfs=name`. `before` is called in the threads of SQLite.
    `after` is called once the operation was done.
    """

    def __init__(
        self, name: str, before: Callable[[Call], None], after: Callable[[Call], None] = lambda _: None
    ) -> None:
        super().__init__(name, "")
        self.name = name
        self.calls = 0
        self.before = before
        self.after = after

    def ask(self, operation: Operation, path: Path, data: bytes = b"", offset: int = 0) -> Call:
        """Count an operation, and let `before` have its say."""
        call = Call(self.calls, operation, path, data, offset)
        self.calls += 1
        self.before(call)
        return call

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_FaultyFile":  # noqa: N802 - apsw's
        """Open a file."""
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "")
        call = self.ask(Operation.OPEN, path)
        file = _FaultyFile(self, path, name, flags)
        self.after(call)
        return file

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802 - apsw's
        """Delete a file."""
        call = self.ask(Operation.DELETE, Path(name))
        super().xDelete(name, sync)
        self.after(call)


class _FaultyFile(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, path: Path, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = path

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - apsw's
        call = self._disk.ask(Operation.WRITE, self._path, bytes(data), offset)
        super().xWrite(data, offset)
        self._disk.after(call)

    def xSync(self, flags: int) -> None:  # noqa: N802 - apsw's
        call = self._disk.ask(Operation.SYNC, self._path)
        super().xSync(flags)
        self._disk.after(call)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - apsw's
        call = self._disk.ask(Operation.TRUNCATE, self._path)
        super().xTruncate(newsize)
        self._disk.after(call)
