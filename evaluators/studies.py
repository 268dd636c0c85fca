"""The studies that can be run, and how a study is made small enough for a try on a CPU."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from schemas.errors import InputError
from schemas.settings import GenerationSettings, Preset, wordings_of
from schemas.study import Arm, Study

SMALL_PEOPLE, SMALL_FACTS = 2, 10
_SMALL_QUESTIONS = 12
_SMALL_EPOCHS = 3
_SMALL_REPLAY = 20
_SMALL_SHARE = 4
"""Into how many parts the numbers of wordings and of unknown things are divided."""


@cache
def studies() -> dict[str, Study]:
    """All studies by name."""
    with (Path(__file__).parent / "studies.toml").open("rb") as file:
        return {name: Study(name=name, **body) for name, body in tomllib.load(file).items()}


def find_study(name: str) -> Study:
    """The study of that name, or of a TOML file that is written like studies.toml and holds one study.

    Raises InputError, naming those that there are, or what is wrong with the file.
    """
    if name.endswith(".toml"):
        return _of_file(Path(name))
    found = studies().get(name)
    if not found:
        raise InputError(f"There is no study {name!r}.", f"There are: {', '.join(studies())}.")
    return found


def _small_generation(arm: Arm) -> dict[str, Any]:
    settings = GenerationSettings(**arm.generation)
    usual = settings.variations or wordings_of(settings, Preset.DEFAULT) // 2
    return {
        **arm.generation,
        "variations": max(1, usual // _SMALL_SHARE),
        "abstention": settings.abstention / _SMALL_SHARE,
        "replay": min(settings.replay, _SMALL_REPLAY),
    }


def _of_file(path: Path) -> Study:
    try:
        ((name, body),) = tomllib.loads(path.read_text("utf-8")).items()
        return Study(name=name, **body)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"{path} holds no study: {reason}", "Write it like those in evaluators/studies.toml."
        ) from error


def small(study: Study) -> Study:
    """The same arms on a few facts and questions, trained briefly: it shows that a study runs, and measures nothing."""
    sizes = sorted({arm.facts for arm in study.arms if arm.facts})
    arms = tuple(
        arm.model_copy(
            update={
                "facts": SMALL_FACTS + 2 * sizes.index(arm.facts) if arm.facts else None,
                "recipe": {**arm.recipe, "epochs": _SMALL_EPOCHS},
                "generation": _small_generation(arm),
            }
        )
        for arm in study.arms
    )
    few = {"people": SMALL_PEOPLE, "facts": SMALL_FACTS, "general": _SMALL_QUESTIONS, "unknown": _SMALL_QUESTIONS}
    return study.model_copy(update={"arms": arms, **few})
