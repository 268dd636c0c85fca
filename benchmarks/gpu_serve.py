"""The same questions to vLLM with the adapter as a LoRA: python gpu_serve.py MODEL ANSWERS OUT ADAPTER...

ANSWERS is what `gpu_parts answers` wrote: prompts as token ids. Needs vLLM and nothing of ours: run it by its path.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Ask every adapter and count the answers that are equal to plain PEFT's."""
    model, answers, out, *adapters = sys.argv[1:]
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    told: dict[str, Any] = json.loads(Path(answers).read_text())
    began = time.time()
    engine = LLM(
        model=model, dtype="bfloat16", enable_lora=True, max_lora_rank=64, max_loras=1, enforce_eager=True,
        max_model_len=512, gpu_memory_utilization=0.2, seed=0,
        # Told, not measured: a measurement fails when another process gives memory back meanwhile.
        kv_cache_memory_bytes=4 << 30,
    )  # fmt: skip
    loaded = time.time() - began
    greedy = SamplingParams(temperature=0.0, max_tokens=40)
    ids = list(told["prompts"])
    prompts = [{"prompt_token_ids": told["prompts"][name]} for name in ids]
    result: dict[str, Any] = {"load_seconds": round(loaded, 1), "arms": {}}
    for number, adapter in enumerate(adapters, start=1):
        began = time.time()
        try:
            outputs = engine.generate(prompts, greedy, lora_request=LoRARequest(f"a{number}", number, adapter))
        except Exception as error:
            result["arms"][adapter] = {"error": f"{type(error).__name__}: {error}"[:500]}
            continue
        said = {name: output.outputs[0].text.strip() for name, output in zip(ids, outputs, strict=True)}
        plain = told["arms"][adapter]["answers"]
        same = sum(said[name] == plain[name] for name in ids)
        result["arms"][adapter] = {
            "same": same, "asked": len(ids), "seconds": round(time.time() - began, 2), "answers": said,
        }  # fmt: skip
        print(adapter, same, len(ids), flush=True)
    Path(out).write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
