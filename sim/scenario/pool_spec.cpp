#include "sim/scenario/pool_spec.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::scenario {
namespace {

constexpr std::string_view kRoles[] = {"serve", "prefill", "decode"};
constexpr std::string_view kTiers[] = {"host_memory", "local_drives"};
constexpr std::string_view kTargets[] = {"attention", "network"};
constexpr std::string_view kTransfers[] = {"at_once", "layer_by_layer"};

}  // namespace

void PromiseSpec::visit(FieldVisitor& v) {
  field(v, "ttft_s", ttft, "Longest time from arrival to the first output token", rule().above(0));
  field(v, "tpot_s", tpot, "Longest mean time between output tokens of a request", rule().above(0));
}

void PlacementSpec::visit(FieldVisitor& v) {
  field(v, "racks", racks, "Names of the rack groups that the replicas may stand in", rule().required());
}

void KvTierSpec::visit(FieldVisitor& v) {
  field(v, "kind", kind, "What holds the blocks", rule().required().one_of(kTiers));
  scaled_field(v, "gb", room, 1e9, "Room of one replica", rule().required().above(0));
  field(v, "latency_s", latency, "From asking to the first byte, when deciding whether fetching pays",
        rule().at_least(0).at_most(1));
}

void PoolSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name of the pool", rule().required().is_name());
  field(
      v, "role", role,
      "serve: prompts and answers; prefill: prompts alone, whose keys and values go to a decode pool; decode: answers, "
      "and prompts that are short enough",
      rule().one_of(kRoles));
  field(v, "replicas", replicas, "Copies of the model in this pool; with an autoscaler, at the start",
        rule().required().at_least(1).at_most(1e6));
  field(v, "parallelism", parallelism, "How a replica is spread over GPUs; as the service says when absent");
  field(v, "placement", placement, "Where its replicas may stand; as the service says when absent");
  field(v, "engine", engine, "Inference engine and settings; as the service says when absent");
  field(v, "autoscaler", autoscaler, "What starts and drains its replicas; when absent, all serve all the time");
}

void DisaggregationSpec::visit(FieldVisitor& v) {
  field(v, "transfer", transfer,
        "at_once: a prompt's keys and values move when all of them are computed and a decode replica has room; "
        "layer_by_layer: room is taken first, and they move while the prompt is computed",
        rule().one_of(kTransfers));
  field(v, "local_prompt_tokens", local_prompt_tokens,
        "Prompts of at most so many tokens are computed where they are decoded", rule().at_least(0));
  field(v, "line_rate_share", line_rate_share,
        "Share of the line rate of network cards that transfers between nodes reach; Mooncake's engine: 0.87 with 4 "
        "cards "
        "of 200 Gbit/s, 0.48 with 8 of 400 (its documentation, 2026)",
        rule().at_least(0.01).at_most(1).default_from('V', "large writes on ConnectX-7, arXiv 2510.27656"));
  field(v, "decode_router", decode_router, "Which decode replica gets a request");
}

void AdaptersSpec::visit(FieldVisitor& v) {
  field(v, "count", count, "Adapters, of which each request uses one", rule().required().at_least(1).at_most(100'000));
  field(v, "rank", rank, "Rank of each; engines pad all of them to the largest", rule().at_least(1).at_most(1024));
  field(v, "targets", targets, "What they change: attention, network, or both; routed experts have none",
        rule().one_of(kTargets));
  field(
      v, "max_loaded", max_loaded,
      "Places for them in GPU memory; a request waits, and others pass it, until its adapter has one",
      rule().at_least(1).at_most(4096).default_from('V', "sgl-project/sglang, max_loras_per_batch, 2026; vLLM has 1"));
  field(v, "skew", skew,
        "How unevenly requests use them: the n-th has a share that goes with n to the power of minus skew (Zipf); 0: "
        "evenly",
        rule().at_least(0).at_most(10).default_from('E', "a power law of exponent 1"));
}

llm::LoraTargets AdaptersSpec::lora_targets() const {
  const auto has = [this](std::string_view name) {
    return std::find(targets.begin(), targets.end(), name) != targets.end();
  };
  return {.attention = has("attention"), .network = has("network")};
}

std::vector<double> AdaptersSpec::summed_weights() const {
  std::vector<double> sums;
  double sum = 0.0;
  for (std::int64_t i = 1; i <= count; ++i) sums.push_back(sum += std::pow(static_cast<double>(i), -skew));
  return sums;
}

void ServiceClassSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name of the class, which workloads refer to", rule().required().is_name());
  field(v, "priority", priority, "Classes of a lower number go first", rule().at_least(0).at_most(15));
  field(v, "slo", slo, "What is promised to its requests; as the service says when absent");
  field(v, "timeout_s", timeout, "The service ends a request that is not done after so long; never when absent",
        rule().above(0));
  field(v, "max_waiting", max_waiting,
        "Requests of the class waiting at one replica beyond which more are rejected; 0: no limit", rule().at_least(0));
}

void TenantSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name of the tenant, which workloads refer to", rule().required().is_name());
  field(v, "weight", weight, "Its share against others where tenants share fairly", rule().above(0));
}

}  // namespace tokenworks::scenario
