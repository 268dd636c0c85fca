"""One language model behind an OpenAI-compatible address: asked for JSON, many requests at a time."""

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

from generators.paraphrase.asks import SCHEMA, TOKENS, Ask, Message
from generators.writers import host_of, is_loopback
from schemas.errors import AndraeusError, InputError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

KEY_VARIABLE = "ANDRAEUS_API_KEY"
TEMPERATURE, TOP_P = 0.9, 0.95
_TIMEOUT_SECONDS = 180.0
_CONNECT_SECONDS = 10.0
_RETRIES = 2
_JUDGE_TOKENS = 60


@dataclass
class Usage:
    """What the requests cost so far."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass
class Client:
    """A model that can be asked. Close it in the event loop that it was used in."""

    api: "AsyncOpenAI"
    model: str
    host: str
    structured: bool = True
    """Whether the server is asked to hold to the JSON Schema; otherwise the prompt alone asks for JSON."""
    usage: Usage = field(default_factory=Usage)

    async def write(self, ask: Ask) -> str:
        """The model's answer to an ask, as it came. Raises what `explained` makes of the library's errors."""
        schema = {"type": "json_schema", "json_schema": {"name": "questions", "strict": True, "schema": SCHEMA}}
        options: dict[str, Any] = {"response_format": schema} if self.structured else {}
        return await self._complete(ask.messages, TOKENS, TEMPERATURE, TOP_P, ask.seed, options)

    async def answer(self, messages: tuple[Message, ...]) -> str:
        """The model's most likely answer, in plain text."""
        return await self._complete(messages, _JUDGE_TOKENS, 0.0, 1.0, 0, {})

    async def _complete(
        self,
        messages: tuple[Message, ...],
        tokens: int,
        temperature: float,
        top_p: float,
        seed: int,
        more: dict[str, Any],
    ) -> str:
        reply = await self.api.chat.completions.create(
            model=self.model,
            messages=cast("Any", list(messages)),
            max_tokens=tokens,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
            **more,
        )
        self.usage.requests += 1
        if reply.usage:
            self.usage.prompt_tokens += reply.usage.prompt_tokens
            self.usage.completion_tokens += reply.usage.completion_tokens
        return (reply.choices[0].message.content or "") if reply.choices else ""

    async def close(self) -> None:
        """Give the connections back."""
        await self.api.close()


def base_url(address: str) -> str:
    """The address with /v1 behind it where it names a machine alone. Raises InputError when it is none."""
    parts = urlsplit(address.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError(f"{address} is no address of a server.", "It should look like http://127.0.0.1:8000/v1")
    if parts.username or parts.password:
        raise InputError("The endpoint's address holds a password.", f"Put the key into {KEY_VARIABLE} instead.")
    path = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


async def connect(address: str, model: str, key: str | None, concurrency: int) -> Client:
    """A client for a server that answers and has the model ("" takes its first one). Raises AndraeusError saying why not."""
    import httpx2
    import openai

    url, host = base_url(address), host_of(address)
    http = openai.DefaultAsyncHttpxClient(
        limits=httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        timeout=httpx2.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
        # What goes to this very machine goes through no proxy.
        trust_env=not is_loopback(address),
    )
    api = openai.AsyncOpenAI(
        # The library wants some key; servers that need none ignore it. Its own variables are none of ours.
        api_key=key or "none",
        base_url=url,
        organization="",
        project="",
        max_retries=_RETRIES,
        http_client=http,
    )
    try:
        names = [one.id async for one in await api.models.list()]
    except openai.NotFoundError:
        names = []
    except openai.OpenAIError as error:
        await api.close()
        raise explained(error, host) from error
    if model and names and model not in names:
        await api.close()
        raise InputError(f"The endpoint {host} has no model {model!r}. It has: {', '.join(names[:5])}.")
    if not model and not names:
        await api.close()
        raise InputError(f"The endpoint {host} names no model.", "Load one there, or set generation.endpoint_model.")
    return Client(api, model or names[0], host)


def key_from_environment() -> str | None:
    """The key of an endpoint. It stands in the environment alone and is never stored."""
    return os.environ.get(KEY_VARIABLE) or None


def explained(error: Exception, host: str) -> AndraeusError:
    """The library's error as one sentence with what to do."""
    import openai

    match error:
        case openai.APITimeoutError():
            return AndraeusError(f"The endpoint {host} did not answer in time.", "Set generation.concurrency lower.")
        case openai.APIConnectionError():
            return AndraeusError(f"The endpoint {host} cannot be reached.", "Start the server, or check the address.")
        case openai.AuthenticationError() | openai.PermissionDeniedError():
            return InputError(f"The endpoint {host} refuses the key.", f"Set {KEY_VARIABLE} to the right one.")
        case openai.NotFoundError():
            return InputError(f"The endpoint {host} does not know this address or model.", "It often ends in /v1.")
        case openai.RateLimitError():
            return AndraeusError(f"The endpoint {host} wants fewer requests.", "Set generation.concurrency lower.")
        case openai.APIStatusError():
            return AndraeusError(f"The endpoint {host} failed with status {error.status_code}.")
    return AndraeusError(f"The endpoint {host} gave an answer that cannot be read ({type(error).__name__}).")


def refuses_schema(error: Exception) -> bool:
    """Whether the server said no to structured output, as old ones do: it calls the request wrong."""
    import openai

    return isinstance(error, (openai.BadRequestError, openai.UnprocessableEntityError)) or (
        isinstance(error, openai.APIStatusError) and error.status_code == 501
    )


_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_THINKING = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_NUMBERED = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):])\s+")


def questions_in(reply: str) -> tuple[list[str], bool]:
    """The wordings in an answer, and whether it was JSON as asked for. What was cut off is left out."""
    text = _THINKING.sub("", reply).strip()
    text = re.sub(r"^```\w*\n|\n?```$", "", text)
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])["questions"]
        if isinstance(found, list):
            return [tidy(one) for one in found if isinstance(one, str)], True
    except (ValueError, KeyError, TypeError):
        pass
    if "{" in text or "[" in text:
        strings = [_unescaped(match) for match in _STRING.findall(text)]
        return [tidy(one) for one in strings if one != "questions"], False
    return [tidy(line) for line in text.splitlines() if line.strip()], False


def _unescaped(inside: str) -> str:
    try:
        return str(json.loads(f'"{inside}"'))
    except ValueError:
        return inside


def tidy(text: str) -> str:
    """Without list marks, quotation marks around it and double blanks."""
    text = re.sub(r"\s+", " ", _NUMBERED.sub("", text)).strip()
    text = text.encode("utf-8", errors="replace").decode()
    return text[1:-1].strip() if len(text) > 1 and text[0] in "\"'“" and text[-1] in "\"'”" else text
