#!/usr/bin/env bash
# The main job, end to end, on the embedded model: facts in, answers out of the weights. Run it with `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
began=$(date +%s)

rm -rf demo
andraeus-tui init demo --facts examples/alex.json
cp examples/demo.toml demo/project.toml
andraeus-tui facts import examples/people.yaml --project demo
andraeus-tui facts list --project demo
andraeus-tui generate --project demo --approve
andraeus-tui --train-only --project demo
andraeus-tui evaluate --project demo

echo "Minutes from the first fact to this line: $(( ($(date +%s) - began + 30) / 60 )) ($(($(date +%s) - began)) s)"
echo "Ask it yourself: .venv/bin/andraeus-tui ask --project demo 'Where do I work?'"
