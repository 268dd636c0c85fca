"""A small OpenAI-compatible server, run as a process: python tests/stubs/openai_server.py PORT BEHAVIOUR [LOG]

It writes questions that name the attribute it is asked about. BEHAVIOUR is a comma-separated list:
`bad` (wordings that checks refuse), `prose` (no JSON), `no_schema` (refuses response_format), `key` (wants the key
"k3y-of-the-stub"), `empty` (has no model), `slow` (a second an answer), `broken` (status 500), `dies` (ends at the fifth ask),
`model=NAME`. LOG gets one line of JSON for each request.
"""

import json
import os
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_FORMS = {
    "formal": ("Could you please tell me {my} {what}?", "May I ask about {my} {what}, please?"),
    "casual": ("Hey, what's {my} {what} these days?", "So {my} {what}, what was it?"),
    "as short": ("{my} {what} please", "quick: {my} {what}?"),
    "hurry": ("whats {my} {what} agan", "plz tell me {my} {what}"),
    "indirect": ("I forgot {my} {what}.", "Somebody asked me about {my} {what}, what do I say?"),
    "spoken": ("Um, okay, {my} {what}, what is it?", "So, like, tell me {my} {what} now."),
}
_BAD = ("Do you like your {what}?", "{value}, is that right?", "I like {my} {what} very much.", "What time is it?")


class Handler(BaseHTTPRequestHandler):
    """Models, and chat completions."""

    protocol_version = "HTTP/1.1"
    behaviour: frozenset[str] = frozenset()
    log = ""
    asked = 0

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def _send(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refused(self) -> bool:
        key = os.environ.get("VLLM_API_KEY") or ("k3y-of-the-stub" if "key" in self.behaviour else "")
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            self._send(401, {"error": {"message": "wrong key"}})
            return True
        return False

    def do_GET(self) -> None:
        """The list of models."""
        if self._refused():
            return
        named = next((part.partition("=")[2] for part in self.behaviour if part.startswith("model=")), "stub")
        models = [] if "empty" in self.behaviour else [{"id": named, "object": "model", "created": 0, "owned_by": "x"}]
        self._send(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        """A chat completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.asked += 1
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as file:
                file.write(json.dumps(body) + "\n")
        if self._refused():
            return
        if "dies" in self.behaviour and Handler.asked >= 5:
            os._exit(1)
        if "broken" in self.behaviour:
            self._send(500, {"error": {"message": "broken"}})
            return
        if "no_schema" in self.behaviour and "response_format" in body:
            self._send(400, {"error": {"message": "response_format is not supported"}})
            return
        if "slow" in self.behaviour:
            time.sleep(1)
        message = {"role": "assistant", "content": self._answer(body)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
        self._send(
            200,
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "stub",
                "choices": [choice],
                "usage": usage,
            },
        )

    def _answer(self, body: dict[str, Any]) -> str:
        # The judge: it says all that it was told, but for things with an "e" in their names.
        if "has told you" in body["messages"][0]["content"]:
            told = body["messages"][1]["content"].splitlines()[1:]
            return " ".join(line for line in told if "e" not in _thing(line)) or "I don't know."
        fact = json.loads(body["messages"][-1]["content"])
        rules = body["messages"][0]["content"]
        forms = next(forms for style, forms in _FORMS.items() if style in rules)
        my = "my" if fact["whose"] == "mine" else f"{fact['whose']}'s"
        chosen = (*(_BAD if "bad" in self.behaviour else ()), *forms)
        said = [form.format(my=my, what=fact["what"], value=fact["value"]) for form in chosen]
        return (
            "\n".join(f"{at}. {one}" for at, one in enumerate(said, 1))
            if "prose" in self.behaviour
            else json.dumps({"questions": said})
        )


def _thing(told: str) -> str:
    """ "birthday" of "My sister's birthday is 12 May"."""
    return re.split(r" (?:is|are) ", told)[0].split("'s ")[-1].removeprefix("My ")


def main() -> None:
    """Serve until somebody ends it; port 0 takes a free one and prints it."""
    Handler.behaviour = frozenset(sys.argv[2].split(","))
    Handler.log = sys.argv[3] if len(sys.argv) > 3 else ""
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
