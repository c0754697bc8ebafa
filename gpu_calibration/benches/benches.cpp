#include "gpu_calibration/benches/benches.hpp"

namespace tokenworks::gpu_calibration {

void measure_matrix_products(Workbench& bench);
void measure_decode_attention(Workbench& bench);
void measure_prompt_attention(Workbench& bench);
void measure_experts(Workbench& bench);
void measure_memory(Workbench& bench);
void measure_latent_attention(Workbench& bench);
void measure_small_kernels(Workbench& bench);
void measure_launches(Workbench& bench);
void measure_batched_products(Workbench& bench);
void measure_transfers(Workbench& bench);
void measure_collectives(Workbench& bench);
void measure_power(Workbench& bench);

namespace {

constexpr Bench kBenches[] = {
    {"matrix_products", "how long do the products of real layers take, by format and rows?", 175,
     measure_matrix_products},
    {"decode_attention", "how long does one new token a sequence take over a paged cache?", 40,
     measure_decode_attention},
    {"prompt_attention", "how long does causal attention of a prompt take, with and without a prefix?", 30,
     measure_prompt_attention},
    {"experts", "how long does the block of routed experts take?", 40, measure_experts},
    {"power", "what does the board draw idle, in steady loads, in mixes and at duty cycles?", 85, measure_power},
    {"memory", "how fast does device memory stream, from the L2 cache to gigabytes?", 15, measure_memory},
    {"latent_attention", "how long does latent attention (MLA) take, prompts and decoding?", 25,
     measure_latent_attention},
    {"small_kernels", "how long do norm, rotation, activation, sampling, embedding, quantisation take?", 15,
     measure_small_kernels},
    {"launches", "what does a launch cost, one by one and in a graph?", 5, measure_launches},
    {"batched_products", "how long do many small products in one call take?", 10, measure_batched_products},
    {"transfers", "how fast are copies to and from the host and between GPUs?", 15, measure_transfers},
    {"collectives", "how long do collectives among the GPUs of this machine take?", 15, measure_collectives},
};

}  // namespace

std::span<const Bench> benches() { return kBenches; }

}  // namespace tokenworks::gpu_calibration
