"""The command line: andraeus-tui COMMAND. Options and help only; commands/ does the work, imported when it is needed."""

import os
import sys
from pathlib import Path

import click

from andraeus_tui import __version__
from andraeus_tui.cli_facts import facts
from andraeus_tui.cli_options import OUTPUT, PROJECT, RUN, named
from andraeus_tui.cli_rate import rate
from andraeus_tui.cli_study import study


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="andraeus-tui")
@click.option("--train-only", is_flag=True, help="Train the approved rows of --project, with no screen.")
@click.option("--project", "folder", type=click.Path(), callback=named, metavar="DIR", help="Open this project.")
@click.option("--resume", is_flag=True, help="With --train-only: continue the newest unfinished run.")
@click.option(
    "--from",
    "parent",
    metavar="RUN|latest",
    help="With --train-only: continue this run's adapter on the facts that changed since, instead of training from scratch.",
)
@click.option("--dry-run", is_flag=True, help="With --train-only: print rows, minutes and memory, and stop.")
@click.option(
    "--trainer",
    type=click.Choice(["auto", "unsloth", "nf4", "peft"]),
    help="With --train-only: who trains, instead of recipe.trainer.",
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--serve", is_flag=True, help="Open the app in a browser on this machine.")
@click.option("--port", type=click.IntRange(1, 65535), help="With --serve: the port on 127.0.0.1.  [default: 8000]")
@click.pass_context
def main_group(
    context: click.Context,
    train_only: bool,
    folder: Path | None,
    resume: bool,
    parent: str | None,
    dry_run: bool,
    trainer: str | None,
    output: str,
    serve: bool,
    port: int | None,
) -> None:
    """Facts about you into a language model's weights: collect, generate, train, prove, ask.

    Without a command it opens the app in this terminal.
    """
    training = resume or parent is not None or dry_run or trainer or output != "text"
    if context.invoked_subcommand:
        if train_only or folder or serve or port or training:
            raise click.UsageError("Options before a command belong to the app or to --train-only.")
        return
    if serve + train_only > 1 or (port and not serve):
        raise click.UsageError("--port needs --serve, and --serve goes without --train-only.")
    if training and not train_only:
        raise click.UsageError("--resume, --from, --dry-run, --trainer and --output need --train-only.")
    if resume and (trainer or parent is not None):
        raise click.UsageError("A resumed run keeps its trainer and its start: leave out --trainer and --from.")
    if parent == "":
        raise click.UsageError("--from needs the name of a run, or latest.")
    if train_only:
        if folder is None:
            raise click.UsageError("--train-only needs --project DIR.")
        from andraeus_tui.commands.train import train

        context.exit(train(folder, resume, dry_run, output, trainer, parent))
    if serve:
        from andraeus_tui.serving import serve as serve_app

        context.exit(serve_app(folder, port or 8000))
    if sys.stdin.isatty() and sys.stdout.isatty():
        from andraeus_tui.commands.app import open_app

        context.exit(open_app(folder))
    if folder:
        raise click.UsageError("The app needs a terminal. Give --train-only, --serve or a command with --project.")
    click.echo(context.get_help())


@main_group.command()
@click.argument("folder", type=click.Path(), callback=named, metavar="DIR")
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), metavar="FILE", help="Import these facts.")
@click.option("--model", default="embedded", show_default=True, metavar="NAME|PATH|embedded", help="The base model.")
def init(folder: Path, facts_file: Path | None, model: str) -> None:
    """Make a new project."""
    from andraeus_tui.commands.facts import init as run

    run(folder, facts_file, model)


main_group.add_command(facts)
main_group.add_command(study)
main_group.add_command(rate)


@main_group.command()
@PROJECT
def undo(folder: Path) -> None:
    """Take back the latest change of facts or rows."""
    from andraeus_tui.commands.facts import step

    step(folder, back=True)


@main_group.command()
@PROJECT
def redo(folder: Path) -> None:
    """Make the change again that was taken back last."""
    from andraeus_tui.commands.facts import step

    step(folder, back=False)


@main_group.command()
@PROJECT
def history(folder: Path) -> None:
    """Show the changes that can be undone."""
    from andraeus_tui.commands.facts import show_history

    show_history(folder)


@main_group.command()
@PROJECT
@click.option(
    "--backend", type=click.Choice(["auto", "templates", "vllm", "endpoint"]), help="Who writes the questions."
)
@click.option(
    "--endpoint", metavar="URL", help="An OpenAI-compatible server that writes them; its key: ANDRAEUS_API_KEY."
)
@click.option(
    "--variations",
    type=click.IntRange(1, 200),
    help="Questions a fact, at most: 120, with the preset thorough 200, unless project.toml says else.",
)
@click.option("--approve", is_flag=True, help="Approve every row that passes all checks.")
@OUTPUT
@click.pass_context
def generate(context: click.Context, /, folder: Path, approve: bool, output: str, **changes: str | int | None) -> None:
    """Make questions and answers from the facts."""
    from andraeus_tui.commands.generate import generate as run

    context.exit(run(folder, changes, approve, output))


@main_group.command()
@PROJECT
@RUN
@OUTPUT
@click.pass_context
def evaluate(context: click.Context, folder: Path, run_name: str | None, output: str) -> None:
    """Prove what the trained model knows, and what it does not."""
    from andraeus_tui.commands.evaluate import evaluate as run

    context.exit(run(folder, run_name, output))


@main_group.command()
@click.argument("questions", nargs=-1)
@PROJECT
@RUN
@click.option("--base", is_flag=True, help="Ask the untouched base model.")
@OUTPUT
def ask(questions: tuple[str, ...], folder: Path, run_name: str | None, base: bool, output: str) -> None:
    """Ask the trained model; questions also one a line on standard input."""
    from andraeus_tui.commands.ask import ask as run

    run(folder, questions, run_name, base, output)


@main_group.command()
@PROJECT
@OUTPUT
def runs(folder: Path, output: str) -> None:
    """Show all training runs and where they stand."""
    from andraeus_tui.commands.train import show_runs

    show_runs(folder, output)


@main_group.command()
@click.option("--project", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Fetch this project's model.")
@click.option("--model", metavar="NAME|embedded", help="Fetch this model.")
def fetch(folder: Path | None, model: str | None) -> None:
    """Download a model from the hub (the one command that goes online), or convert the embedded one."""
    if (folder is None) == (model is None):
        raise click.UsageError("Give either --project DIR or --model NAME.")
    from andraeus_tui.commands.train import fetch as run

    run(folder, model)


@main_group.command()
@click.option("--model", metavar="NAME|PATH|embedded", required=True, help="The base model that gets a primer.")
@click.option("--preset", type=click.Choice(["default", "thorough"]), default="default", show_default=True)
@click.option("--trainer", type=click.Choice(["auto", "unsloth", "nf4", "peft"]), default="auto", show_default=True)
@OUTPUT
@click.pass_context
def prime(context: click.Context, model: str, preset: str, trainer: str, output: str) -> None:
    """Teach a base model to read questions about a person, once: some minutes on a GPU, hours without one.

    Training then begins with it. The embedded model has its primer.
    """
    from andraeus_tui.commands.prime import prime as run

    context.exit(run(model, preset, trainer, output))


@main_group.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script: eval "$(andraeus-tui completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found
    click.echo(found(main_group, {}, "andraeus-tui", "_ANDRAEUS_TUI_COMPLETE").source())


def main() -> None:
    """Entry point: every error is one sentence on standard error and an exit code, never a traceback."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(_run())


def _run() -> int:
    from schemas.errors import AndraeusError, ExitCode

    try:
        code = main_group.main(prog_name="andraeus-tui", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        return _complain("Stopped.", ExitCode.CANCELLED)
    except AndraeusError as error:
        return _complain(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.FAILED)
    except Exception as error:
        if os.environ.get("ANDRAEUS_DEBUG"):
            raise
        return _complain(_unexpected(error), ExitCode.FAILED)
    return code if isinstance(code, int) else 0


def _complain(sentence: str, code: int) -> int:
    click.echo(f"andraeus-tui: {sentence}", err=True)
    return int(code)


def _unexpected(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == 28:
        return "The disk is full. Free some space and try again."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'A file'}: {error.strerror}."
    kind = type(error).__name__
    return f"Something went wrong that should not have ({kind}). ANDRAEUS_DEBUG=1 shows where."


if __name__ == "__main__":
    main()
