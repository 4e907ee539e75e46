"""A fetcher that answers from a script: for tests of what is above the network."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from telex.core.exchange import Exchange, Refusal, Refused, Request

Answer = Exchange | Callable[[Request], Exchange]


class ScriptedFetcher:
    """Gives each URL its answers in order, the last one for ever; a callable makes its answer from the request.

    A URL without a script is refused with the reason DNS. `requests` keeps what was asked, in order.
    """

    def __init__(self, script: Mapping[str, Answer | Iterable[Answer]] | None = None) -> None:
        self.requests: list[Request] = []
        self._script: dict[str, list[Answer]] = {}
        for url, answers in (script or {}).items():
            self.answer(url, *(answers if isinstance(answers, Iterable) else (answers,)))

    def answer(self, url: str, *answers: Answer) -> None:
        """From now on the URL gives these, and nothing of what was scripted before."""
        if not answers:
            raise ValueError("a script needs an answer")
        self._script[url] = list(answers)

    async def fetch(self, request: Request) -> Exchange:
        """The next answer, one step of the loop later."""
        self.requests.append(request)
        await asyncio.sleep(0)
        answers = self._script.get(request.url)
        if answers is None:
            return Refused(Refusal.DNS, "the script does not know this host", at=0.0)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(request) if callable(answer) else answer
