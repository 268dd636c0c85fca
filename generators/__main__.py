"""Worker process: python -P -m generators generate  (job as JSON on the first line of standard input)."""

from schemas.wire import Wire, claim_stdout

OUT = claim_stdout()

from schemas.run import GenerateJob  # noqa: E402
from schemas.worker import serve  # noqa: E402


def _generate(job: str, wire: Wire) -> None:
    from generators.worker import generate

    generate(GenerateJob.model_validate_json(job), wire)


if __name__ == "__main__":
    serve(OUT, {"generate": _generate}, saves=frozenset(), online=frozenset())
