"""What does not change while telex runs: the list of endpoints, the schemas, the AsyncAPI document."""

from collections.abc import Mapping
from html import escape
from typing import Final

from aiohttp import web

from telex.wire import schemas
from telex.wire.topics import Naming

ENDPOINTS: Final[Mapping[str, str]] = {
    "/events": "the event log as Server-Sent Events; resumable, with filters",
    "/asyncapi.yaml": "what the events are and where they are published (AsyncAPI 3)",
    "/schemas/article/1.json": "an article (JSON Schema); /schemas/ lists all",
    "/metrics": "metrics for Prometheus",
    "/livez": "whether the process lives",
    "/readyz": "whether it can do its work, and why not; ?verbose shows every check",
}
_LASTING: Final = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>telex</title></head>
<body><h1>telex {version}</h1><dl>
{rows}
</dl></body></html>
"""


class Documents:
    """Handlers for documents, read once."""

    def __init__(self, naming: Naming, version: str) -> None:
        self._asyncapi = schemas.asyncapi(naming)
        self._version = version

    async def index(self, request: web.Request) -> web.Response:
        """The endpoints: HTML for browsers, else text."""
        headers = {"Vary": "Accept", "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if "text/html" not in request.headers.get("Accept", ""):
            rows = "".join(f"{path:<26}{what}\n" for path, what in ENDPOINTS.items())
            return web.Response(text=f"telex {self._version}\n\n{rows}", headers=headers)
        rows = "\n".join(
            f'<dt><a href="{path}">{path}</a></dt><dd>{escape(what)}</dd>' for path, what in ENDPOINTS.items()
        )
        headers["Content-Security-Policy"] = "default-src 'none'"
        text = _PAGE.format(version=escape(self._version), rows=rows)
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def schema_list(self, _request: web.Request) -> web.Response:
        """The addresses of all schemas and examples, one a line."""
        names = (*schemas.schema_names(), *schemas.example_names())
        return web.Response(text="".join(f"/schemas/{name}.json\n" for name in names), headers=_LASTING)

    async def schema(self, request: web.Request) -> web.Response:
        """One schema or example."""
        name, _, suffix = request.match_info["path"].rpartition(".")
        try:
            body = schemas.load(name if suffix == "json" else "")
        except KeyError:
            raise web.HTTPNotFound from None
        kind = "application/json" if name.startswith("examples/") else "application/schema+json"
        return web.Response(body=body, content_type=kind, headers=_LASTING)

    async def asyncapi(self, _request: web.Request) -> web.Response:
        """The AsyncAPI document with the names and the address of this installation (media type: RFC 9512)."""
        return web.Response(body=self._asyncapi, content_type="application/yaml", headers=_LASTING)
