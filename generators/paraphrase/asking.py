"""The asks of one generation: many at a time, facts in order, until each has the wordings that it lacks."""

import asyncio
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from generators.paraphrase import judge
from generators.paraphrase.asks import QUESTIONS, ROUNDS, Ask, asks_for, registers
from generators.paraphrase.client import Client, explained, questions_in, refuses_schema
from generators.paraphrase.tally import Tally
from generators.paraphrase.verdicts import Candidate, Verdicts
from schemas.errors import AndraeusError, Cancelled
from schemas.events import Log, Progress
from schemas.fact import Fact
from schemas.row import Origin, Row
from schemas.run import GenerateJob
from schemas.wire import Wire

_BEAT_SECONDS = 0.1
_HOPELESS = 8
"""Requests in a row without an answer after which the rest is not tried."""


class Asking:
    """Asks in one event loop; verdicts are found in `pool`, which has one thread, so that requests keep flowing."""

    def __init__(
        self,
        job: GenerateJob,
        missing: dict[str, int],
        client: Client,
        verdicts: Verdicts,
        concurrency: int,
        tally: Tally,
        pool: ThreadPoolExecutor,
        wire: Wire,
    ) -> None:
        self._all, self._facts = job.facts, [fact for fact in job.facts if fact.id in missing]
        self._missing, self._seed, self._judges = missing, job.settings.seed, job.settings.judge
        self._asked = set(_asked_before(job.kept))
        self._client, self._verdicts, self._tally, self._pool, self._wire = client, verdicts, tally, pool, wire
        self._gate = asyncio.Semaphore(concurrency)
        self._answered = self._total = self._failed_in_a_row = 0
        self._begun = self._last_answer = time.monotonic()
        self._told, self._told_not_json = (0, 0), False

    async def run(self) -> None:
        """All facts. Raises AndraeusError when asking on makes no sense, Cancelled when somebody asks to stop."""
        tasks = {asyncio.create_task(self._fact(fact, self._missing[fact.id])) for fact in self._facts}
        pending = tasks
        try:
            while pending:
                done, pending = await asyncio.wait(pending, timeout=_BEAT_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
                for task in done:
                    task.result()
                self._tell_progress()
                if self._wire.stop_requested:
                    raise Cancelled("Stopped. The rows that were accepted are kept.")
        finally:
            self._tally.seconds["ask"] = self._last_answer - self._begun
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _tell_progress(self) -> None:
        if self._told != (self._answered, self._total):
            self._told = (self._answered, self._total)
            self._wire.emit(Progress(stage="paraphrase", done=self._answered, total=self._total))

    async def _fact(self, fact: Fact, wanted: int) -> None:
        loop = asyncio.get_running_loop()
        number = 0
        while number < ROUNDS and wanted > 0:
            # As many rounds at once as it would take if every other wording were good.
            a_round = QUESTIONS * len(registers())
            rounds = range(number, min(ROUNDS, number + math.ceil(2 * wanted / a_round)))
            number = rounds.stop
            asks = [ask for at in rounds for ask in asks_for(fact, at, self._seed)]
            new = [ask for ask in asks if (fact.id, ask.family) not in self._asked]
            self._total += len(new)
            answers = await asyncio.gather(*map(self._ask, new))
            candidates = await loop.run_in_executor(
                self._pool, self._verdicts.judge, fact, zip(new, answers, strict=True)
            )
            if self._judges:
                await asyncio.gather(*(self._judge(fact, one) for one in candidates if not one.problem))
            wanted -= await loop.run_in_executor(self._pool, self._verdicts.take, fact, candidates, wanted)

    async def _ask(self, ask: Ask) -> list[str]:
        """The wordings in the answer."""
        async with self._gate:
            reply = await self._reply(ask)
        self._answered += 1
        self._last_answer = time.monotonic()
        if reply is None:
            return []
        texts, as_json = questions_in(reply)
        if not as_json:
            self._tally.not_json += 1
            self._say_not_json()
        return texts

    async def _reply(self, ask: Ask) -> str | None:
        """The answer, None when there is none. Raises AndraeusError when asking on makes no sense."""
        import openai

        self._tally.asks += 1
        structured = self._client.structured
        try:
            try:
                reply = await self._client.write(ask)
            except openai.APIStatusError as error:
                if not (structured and refuses_schema(error)):
                    raise
                self._without_schema()
                reply = await self._client.write(ask)
        except openai.OpenAIError as error:
            self._tally.unanswered += 1
            self._failed_in_a_row += 1
            final = isinstance(
                error, (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError)
            ) or (isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError))
            if final or self._failed_in_a_row >= _HOPELESS:
                raise explained(error, self._client.host) from error
            return None
        self._failed_in_a_row = 0
        return reply

    def _without_schema(self) -> None:
        if self._client.structured:
            self._client.structured = False
            message = "The endpoint knows no structured output: the prompt alone asks for JSON."
            self._wire.emit(Log(level="warning", message=message))

    def _say_not_json(self) -> None:
        if not self._told_not_json and self._client.structured:
            self._told_not_json = True
            message = "The endpoint does not hold every answer to the schema: what can be read of such answers is used."
            self._wire.emit(Log(level="warning", message=message))

    async def _judge(self, fact: Fact, one: Candidate) -> None:
        import openai

        try:
            async with self._gate:
                answer = await self._client.answer(judge.messages_for(one.text, fact, self._all))
        except openai.OpenAIError as error:
            raise AndraeusError(f"The judge pass failed. {explained(error, self._client.host).message}") from error
        one.judged = True
        if not judge.leads_to_value(answer, fact):
            one.problem = judge.PROBLEM


def _asked_before(kept: tuple[Row, ...]) -> Iterator[tuple[str, str]]:
    """(fact, family of the ask) for every ask of which rows are there."""
    for row in kept:
        if row.origin is Origin.MODEL:
            for fact_id in row.fact_ids:
                yield fact_id, row.family.rpartition("/")[0]
