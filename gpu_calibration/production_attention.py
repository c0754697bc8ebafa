#!/usr/bin/env python3
"""Times a production attention kernel (PyTorch's scaled_dot_product_attention) at shapes of the attention benches.

Needs PyTorch with CUDA; says so and ends with 77 where it is missing. Writes the raw format of the benches with the kernel
`torch_sdpa`, so that both stand side by side:

    gpu_calibration/production_attention.py --out gpu_calibration/results/h100_sxm5_sdpa.json

Prompts run causal over their own tokens. Decoding reads a contiguous cache (torch has no paged one): compare it with our
paged kernel with that in mind. Inputs rotate through more than twice the L2 cache.
"""

import argparse
import datetime
import json
import os
import statistics
import sys

# (heads, kv heads, head dimension): Llama 3.1 8B; 70B on eight GPUs; gpt-oss 120B.
HEADS = [(32, 8, 128), (8, 1, 128), (64, 8, 64)]
PROMPTS = [(1, 128), (1, 512), (1, 2048), (1, 8192), (1, 32768), (16, 512)]
DECODES = [(sequences, context) for sequences in (1, 8, 64, 256) for context in (128, 1024, 4096, 16384, 65536)
           if sequences * context <= 1 << 20]
SAMPLES, LEAST_SAMPLE_S = 15, 200e-6


def catalog_id(name):
    """As raw_writer.cpp does it."""
    known = [("GB300", "gb300"), ("GB200", "gb200"), ("GH200", "gh200"), ("B300", "b300_sxm"), ("B200", "b200_sxm"),
             ("H200 NVL", "h200_nvl"), ("H200", "h200_sxm5"), ("H100 PCIe", "h100_pcie"), ("H100 NVL", "h100_nvl"),
             ("H100 80GB HBM3", "h100_sxm5"), ("H100 SXM", "h100_sxm5"), ("A100-SXM4", "a100_sxm4"),
             ("L40S", "l40s"), ("RTX PRO 6000 Blackwell", "rtx_pro_6000"), ("RTX 4090", "rtx_4090")]
    for part, gpu in known:
        if part in name:
            return gpu
    words = "".join(c.lower() if c.isalnum() else " " for c in name.removeprefix("NVIDIA ")).split()
    return "_".join(words) or "unknown_gpu"


def quantile(samples, share):
    ordered = sorted(samples)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def measure(torch, work):
    """Seconds of one call as [median, p10, p90, samples]; `work(round)` enqueues one."""
    def elapsed(rounds, first):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for i in range(rounds):
            work(first + i)
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) * 1e-3

    elapsed(3, 0)
    once_s = max(elapsed(3, 3) / 3, 1e-7)
    rounds = min(50, max(1, int(LEAST_SAMPLE_S / once_s) + 1))
    # In a graph, as engines decode: else short calls last as long as Python takes to make them.
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        work(0)
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            for i in range(rounds):
                work(i)
        samples = []
        for sample in range(-2, SAMPLES):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            graph.replay()
            end.record()
            end.synchronize()
            if sample >= 0:
                samples.append(begin.elapsed_time(end) * 1e-3 / rounds)
    return [statistics.median(samples), quantile(samples, 0.1), quantile(samples, 0.9), len(samples)]


def time_shape(torch, sequences, queries, keys, heads, kv_heads, dim, l2_bytes):
    one_bytes = 2 * sequences * dim * (queries * heads + 2 * keys * kv_heads)
    copies = max(1, min(64, 2 * l2_bytes // one_bytes + 1))

    def tensor(count, length):
        return torch.randn(sequences, count, length, dim, device="cuda", dtype=torch.bfloat16)

    inputs = [(tensor(heads, queries), tensor(kv_heads, keys), tensor(kv_heads, keys)) for _ in range(copies)]

    def work(round_number):
        query, key, value = inputs[round_number % copies]
        torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=queries > 1, enable_gqa=True)

    with torch.no_grad():
        return measure(torch, work)


def tables(torch, l2_bytes):
    prompts, decodes = [], []
    text = ["torch_sdpa", "bf16", "bf16"]
    for heads, kv_heads, dim in HEADS:
        for sequences, tokens in PROMPTS:
            timing = time_shape(torch, sequences, tokens, tokens, heads, kv_heads, dim, l2_bytes)
            prompts.append(text + [sequences, tokens, 0, heads, kv_heads, dim, 0] + timing)
        for sequences, context in DECODES:
            timing = time_shape(torch, sequences, 1, context, heads, kv_heads, dim, l2_bytes)
            decodes.append(text + [sequences, context, heads, kv_heads, dim, 0] + timing)
    names, measured = ["kernel", "format", "kv_format"], ["time_s", "time_p10_s", "time_p90_s", "samples"]
    sizes = ["heads", "kv_heads", "head_dim", "window"]
    return [
        {"operator": "prompt_attention", "columns": names + ["sequences", "tokens", "prefix"] + sizes + measured,
         "rows": prompts},
        {"operator": "decode_attention", "columns": names + ["sequences", "context"] + sizes + measured,
         "rows": decodes},
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="where the result goes")
    arguments = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("skipped: PyTorch is not installed", file=sys.stderr)
        return 77
    if not torch.cuda.is_available():
        print("skipped: PyTorch sees no CUDA device", file=sys.stderr)
        return 77
    device = torch.cuda.get_device_properties(0)
    l2_bytes = getattr(device, "L2_cache_size", 128 << 20)
    result = {
        "format": "tokenworks.kernel_measurements/1",
        "origin": "measured_here",
        "source": "production_attention.py on this GPU, PyTorch scaled_dot_product_attention",
        "measured_on": datetime.date.today().isoformat(),
        "device": {"name": device.name, "gpu": catalog_id(device.name), "driver": "not asked",
                   "cuda": torch.version.cuda, "multiprocessors": device.multi_processor_count, "l2_bytes": l2_bytes,
                   "memory_bytes": device.total_memory, "gpus": torch.cuda.device_count()},
        "software": {"name": "torch", "version": torch.__version__},
        "tables": tables(torch, l2_bytes),
    }
    beside = arguments.out + ".part"
    with open(beside, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    os.replace(beside, arguments.out)
    print(f"{sum(len(table['rows']) for table in result['tables'])} rows in {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
