"""Names and addresses of people as feeds write them in one line."""

import re

from telex.core.model import Author
from telex.documents import limits

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")


def person(text: str, url: str | None = None, email: str | None = None) -> Author | None:
    """The author in `mail (name)`, `name (mail)`, `name <mail>`, `mail` or `name`; None where nothing is left.

    Who gives nothing but an address is named by it.
    """
    text = " ".join(text[: limits.RIGHTS].split())
    found = _ADDRESS.search(text) if "@" in text else None
    if found:
        email = email or found[0]
        text = text.replace("mailto:", "").replace(found[0], " ")
        text = text.strip(" ()<>,;")
    name = " ".join(text.split())[: limits.NAME] or email
    if name is None and url is None:
        return None
    return Author(name=name, url=url, email=email)


def distinct(people: list[Author]) -> list[Author]:
    """Each once: a name that comes again only adds the address it brings."""
    merged: dict[str, Author] = {}
    for one in people:
        key = (one.name or one.email or one.url or "").casefold()
        first = merged.get(key)
        if first is None:
            merged[key] = one
        else:
            merged[key] = Author(first.name, first.url or one.url, first.email or one.email)
    return list(merged.values())
