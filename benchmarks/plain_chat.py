"""The baseline of benchmarks.paraphrase: the same prompts, sampling and schema in one `LLM.chat` batch.

python -m benchmarks.plain_chat MODEL PROMPTS.json RESULT.json     (needs vLLM and a GPU)
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main(model: str, prompts: Path, result: Path) -> None:
    """Load, answer everything twice (the first time pays what is paid once), write times, tokens and answers."""
    told: dict[str, Any] = json.loads(prompts.read_text("utf-8"))
    begun = time.monotonic()
    import vllm
    from vllm import LLM, SamplingParams
    from vllm.sampling_params import StructuredOutputsParams

    while (gate := os.environ.get("ANDRAEUS_BENCHMARK_GATE")) and not Path(gate).exists():
        time.sleep(0.2)
    waited = time.monotonic() - begun
    llm = LLM(
        model=model,
        max_model_len=told["context"],
        max_num_seqs=told["sequences"],
        gpu_memory_utilization=told["memory"],
        enforce_eager=told["eager"],
        generation_config="vllm",
        load_format="safetensors",
        structured_outputs_config={"backend": "xgrammar", "disable_any_whitespace": True},
        disable_log_stats=True,
    )
    body: dict[str, Any] = {
        "vllm": vllm.__version__,
        "load_seconds": time.monotonic() - begun,
        "imports_and_waiting_seconds": waited,
        "passes": [],
    }
    sampling = [
        SamplingParams(
            temperature=told["temperature"], top_p=told["top_p"], max_tokens=told["tokens"], seed=ask["seed"],
            structured_outputs=StructuredOutputsParams(json=told["schema"]),
        )
        for ask in told["asks"]
    ]  # fmt: skip
    for _ in range(2):
        begun = time.monotonic()
        outputs = llm.chat([ask["messages"] for ask in told["asks"]], sampling, use_tqdm=False)
        seconds = time.monotonic() - begun
        tokens = sum(len(output.outputs[0].token_ids) for output in outputs)
        body["passes"].append({"seconds": seconds, "asks": len(outputs), "completion_tokens": tokens})
        result.write_text(json.dumps(body | {"answers": [output.outputs[0].text for output in outputs]}), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
