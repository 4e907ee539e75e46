"""Errors over HTTP: problem details (RFC 9457) for everything that is not answered."""

import logging
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from telex.wire.values import dumps

_SHOWN: Final = 200
"""Characters of a value that are given back to whoever sent it."""
_LOGGER: Final = logging.getLogger("telex.web")


class BadParameterError(ValueError):
    """A parameter or header of a request is unknown, or has a value that is none."""

    def __init__(self, parameter: str, value: str | None, what: str) -> None:
        super().__init__(f"{parameter[:_SHOWN]}: {what}")
        self.parameter = parameter[:_SHOWN]
        self.value = None if value is None else value[:_SHOWN]


def problem(status: int, detail: str, **members: object) -> web.Response:
    """An answer with `application/problem+json`. `members` go beside type, title, status and detail."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return web.Response(
        status=status, body=dumps(body), content_type="application/problem+json", headers={"Cache-Control": "no-store"}
    )


def bad_parameter(error: BadParameterError) -> web.Response:
    """A 400 that names the parameter and its value."""
    return problem(400, str(error), parameter=error.parameter, value=error.value)


def unavailable(detail: str, retry_after: int) -> web.Response:
    """A 503; the client may come back after so many seconds."""
    answer = problem(503, detail)
    answer.headers[hdrs.RETRY_AFTER] = str(retry_after)
    return answer


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler raises into problem details; a fault of ours is logged and shows nothing of itself."""
    try:
        return await handler(request)
    except BadParameterError as error:
        return bad_parameter(error)
    except web.HTTPException as error:
        return _plain(error)
    except ConnectionError:
        raise  # the client is gone: there is nobody to tell
    except Exception:
        _LOGGER.exception("request failed", extra={"path": request.path})
        return problem(500, "a fault of this service; it is in its log")


def _plain(error: web.HTTPException) -> web.Response:
    if isinstance(error, web.HTTPMethodNotAllowed):
        answer = problem(error.status, "this resource is only read: use GET")
        answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return answer
    if isinstance(error, web.HTTPNotFound):
        return problem(error.status, "there is nothing here; / lists what there is")
    return problem(error.status, error.reason)
