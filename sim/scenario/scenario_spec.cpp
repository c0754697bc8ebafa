#include "sim/scenario/scenario_spec.hpp"

#include "models/llm/speculation/drafter_layers.hpp"

namespace tokenworks::scenario {
namespace {

constexpr std::string_view kPowerClasses[] = {"interactive", "batch"};

constexpr std::string_view kFormats[] = {"tokenworks.scenario/1"};
constexpr std::string_view kWeightSources[] = {"storage", "local_drives", "peers"};
constexpr std::string_view kKvFetches[] = {"when_cheaper", "always"};
constexpr std::string_view kFairness[] = {"first_come", "token_share"};
constexpr double kLongestRun = 9e6;  // s; picoseconds in 64 bits last 106 days

template <class Derived>
std::unique_ptr<ServiceOption> make_service() {
  return std::make_unique<Derived>();
}
constexpr Option<ServiceOption> kServices[] = {
    {"llm", "A large language model behind an endpoint: requests with a prompt, answers token by token",
     make_service<LlmServiceSpec>},
};

}  // namespace

Options<ServiceOption> service_options() { return kServices; }

void ClockSpec::visit(FieldVisitor& v) {
  field(
      v, "start", start,
      "Local time of the site when the run starts, ISO 8601 (2026-07-15T14:00:00), with or without an offset from UTC");
  field(v, "duration_s", duration, "Requests arrive for so long", rule().above(0).at_most(kLongestRun));
  field(v, "warm_up_s", warm_up, "Rates and distributions leave out what happens before",
        rule().at_least(0).at_most(kLongestRun));
  field(v, "drain", drain, "Go on until the last request has ended; otherwise stop at the duration");
}

SiteSpec::SiteSpec()
    : weather(weather::weather_options(), "constant"), electricity(grid::electricity_options(), "flat") {}

void SiteSpec::visit(FieldVisitor& v) {
  field(v, "utc_offset_h", utc_offset_h, "Local standard time minus UTC", rule().at_least(-12).at_most(14));
  field(v, "weather", weather, "The outside air");
  field(v, "electricity", electricity, "What a kilowatt hour costs and how much carbon it carries");
}

void RackGroupSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name of the group", rule().required().is_name());
  field(v, "kind", kind, "Rack kind", rule().required().from_catalog("racks"));
  field(v, "count", count, "How many racks of this kind", rule().at_least(1).at_most(1e6));
  field(v, "scale_up", scale_up,
        "How the GPUs of a scale-up domain hang together: where all of them cannot send at their rated bandwidth at "
        "once, collectives and transfers get what they can; at their rated bandwidth when absent");
  field(v, "power_smoothing", power_smoothing,
        "Stores in the racks' power supplies that flatten ramps, and a floor on the GPUs' power (GB300); absent: none");
}

FactorySpec::FactorySpec()
    : power(power::power_options(), "standard_chain"), cooling(cooling::cooling_options(), "air_crah") {}

void PowerLimitSpec::visit(FieldVisitor& v) {
  field(v, "node", node, "Node of the power tree (busway, ups_a) or rack group; meter: all feeds of the grid together");
  field(v, "limit_w", limit, "Most that it shall carry, mean over the policy's window", rule().required().above(0));
  field(v, "ramp_w_per_min", ramp_w_per_min,
        "Most that it may rise by within a minute, kept by caps like the limit; absent: any", rule().above(0));
}

PowerControlSpec::PowerControlSpec() : policy(capping::capping_options(), "proportional") {}

void PowerControlSpec::visit(FieldVisitor& v) {
  field(v, "limits", limits, "What nodes of the power tree may carry");
  field(v, "policy", policy, "How GPUs are capped to keep the limits, and what the grid asks for");
}

void CoolingRestartSpec::visit(FieldVisitor& v) {
  field(v, "coolant_pumps_on_ups", coolant_pumps_on_ups, "Pumps of the racks' coolant run on, on the racks' UPS");
  field(v, "pumps_after_s", pumps_after, "From the return of power until pumps and fans run",
        rule().at_least(0).at_most(1e5).default_from('E', "5 to 15 s"));
  field(v, "chillers_after_s", chillers_after, "From the return of power until chillers cool",
        rule().at_least(0).at_most(1e5).default_from('E', "30 s (quick start) to 10 min"));
}

void FactorySpec::visit(FieldVisitor& v) {
  field(v, "racks", racks, "Groups of equal racks", rule().required());
  field(v, "fabric", fabric,
        "The network between the nodes; when absent, nodes are joined to storage alone and a replica keeps to one "
        "scale-up domain");
  field(v, "storage", storage, "Where weights come from and checkpoints go to");
  field(v, "power", power, "The chain from the grid to the racks");
  field(v, "cooling", cooling, "How heat leaves the hall");
  field(v, "power_control", power_control, "Limits on the power tree that are kept by capping GPUs");
  field(v, "gpu_throttle", gpu_throttle, "How GPUs lower their clocks between their limits of temperature");
  field(v, "cooling_restart", cooling_restart, "How the cooling comes back after it had no power");
  field(v, "restart_after_s", restart_after,
        "From the end of what darkened racks (heat, want of power) to their servers being up again",
        rule().at_least(0).at_most(1e6).default_from('E', "Boot and checks of a GPU server take several minutes"));
}

void ServiceOption::visit_common(FieldVisitor& v) {
  field(v, "name", name, "Name of the service", rule().required().is_name());
  field(v, "placement", placement, "Where its replicas may stand; anywhere when absent");
}

llm::KvFormat LlmServiceSpec::kv_format() const { return replica_plans(*this).front().kv_format(); }

llm::LlmSpec LlmServiceSpec::held_layers(const llm::LlmSpec& served) const {
  return replica_plans(*this).front().held_layers(served);
}

llm::KvFormat ReplicaPlan::kv_format() const {
  return *kv_cache_precision ? llm::kv_format_from_name(**kv_cache_precision)
                             : llm::usual_kv_format(llm::precision_from_name(*precision));
}

llm::LlmSpec ReplicaPlan::held_layers(const llm::LlmSpec& served) const {
  return *speculation && (**speculation)->uses_drafter() ? llm::model_with_drafter(served) : served;
}

llm::MemoryRule memory_rule(const batching::EngineProfile& profile, Bytes adapters_per_gpu) {
  return {.memory_share = profile.memory_share,
          .share_of_free_memory = profile.share_of_free_memory,
          .runtime_reserve = profile.runtime_reserve + adapters_per_gpu,
          .max_sequences = profile.max_sequences};
}

void LlmServiceSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "model", model, "Model that is served", rule().required().from_catalog("models"));
  field(v, "precision", precision, "Number format of weights and computation", rule().one_of(llm::kPrecisionNames));
  field(v, "kv_cache_precision", kv_cache_precision,
        "Number format of the cache of keys and values; when absent, bf16 under precision bf16 and fp8 otherwise",
        rule().one_of(llm::kKvFormatNames));
  field(v, "parallelism", parallelism, "How a replica is spread over GPUs");
  field(v, "replicas", replicas, "Copies of the model, each with its own GPUs; with an autoscaler, at the start",
        rule().at_least(1).at_most(1e6));
  field(v, "autoscaler", autoscaler, "What starts and drains replicas; when absent, all serve all the time");
  field(v, "engine", engine, "Inference engine: its scheduler and settings");
  field(v, "speculation", speculation,
        "Speculative decoding: how tokens are drafted for the model to verify; none when absent");
  field(v, "pools", pools,
        "Pools of replicas that differ in role, racks, parallelism or engine; when absent, all replicas are alike");
  field(v, "disaggregation", disaggregation, "How prompts get from prefill pools to decode pools");
  field(v, "shares_gpus_with", shares_gpus_with,
        "Service on whose GPUs the replicas stand, one beside each of its own: they make their steps by turns");
  field(v, "sharing", sharing, "Whether the models that share GPUs lie in their memory together; resident when absent");
  field(v, "overflow_to", overflow_to,
        "Service that gets the requests which find a full queue or no replica; they are rejected when absent");
  field(v, "router", router, "Which replica gets a request");
  field(
      v, "kv_tiers", kv_tiers,
      "Where blocks of keys and values are kept beside GPU memory, fastest first; they are copied there when they are "
      "computed");
  field(v, "kv_fetch", kv_fetch,
        "Whether blocks in lower tiers are read whenever they are there, or when that is faster "
        "than computing them again",
        rule().one_of(kKvFetches));
  field(v, "gpu_power_cap_w", gpu_power_cap,
        "Cap on the power of each of its GPUs, as an operator sets it (nvidia-smi -pl): each step runs at the highest "
        "clock that keeps it; the board's own limit when absent",
        rule().above(0));
  field(v, "adapters", adapters,
        "Adapters (LoRA) on top of the model: each request uses one, which must be in GPU memory while it runs; none "
        "when absent");
  field(v, "classes", classes, "Classes of requests with their own priority and promises; one when absent");
  field(v, "tenants", tenants, "Who shares the service; when absent, nobody is told apart");
  field(v, "fairness", fairness,
        "Among waiting requests of one class: first_come, or token_share: the tenant that was served the fewest tokens "
        "for its weight goes first",
        rule().one_of(kFairness));
  field(v, "preempts_for_urgent", preempts_for_urgent,
        "A waiting request may take the place of a running one of a class behind it");
  field(v, "power_class", power_class, "Who gives first when power is short: batch before interactive",
        rule().one_of(kPowerClasses));
  field(v, "weight_source", weight_source,
        "Where a replica's weights come from: the storage system, each node's own drives, or replicas that have them",
        rule().one_of(kWeightSources));
  field(v, "slo", slo, "What is promised to a request; goodput counts those for which it was kept");
}

std::vector<ReplicaPlan> replica_plans(const LlmServiceSpec& service, const std::string& pointer) {
  const auto placement = [&](const std::optional<PlacementSpec>& own) -> const PlacementSpec* {
    if (own) return &*own;
    return service.placement ? &*service.placement : nullptr;
  };
  const auto scale = [](ReplicaPlan& plan, const std::optional<AutoscalerSpec>& autoscaler) {
    plan.in_service = plan.replicas;
    plan.replicas_at = plan.pointer + "/replicas";
    plan.autoscaler_at = plan.pointer + "/autoscaler";
    if (!autoscaler || !autoscaler->has_value()) return;
    plan.autoscaler = &**autoscaler;
    if (plan.autoscaler->max_replicas <= plan.replicas) return;
    plan.replicas = plan.autoscaler->max_replicas;
    plan.replicas_at = plan.autoscaler_at + "/max_replicas";
  };
  ReplicaPlan common;
  common.service = &service;
  common.model = &service.model;
  common.precision = &service.precision;
  common.kv_cache_precision = &service.kv_cache_precision;
  common.speculation = &service.speculation;
  common.service_at = common.served_at = pointer;
  common.precision_at = pointer + "/precision";
  if (service.pools.empty()) {
    ReplicaPlan plan = common;
    plan.pool = service.name;
    plan.replicas = service.replicas;
    plan.parallelism = &service.parallelism;
    plan.placement = placement({});
    plan.engine = &service.engine;
    plan.pointer = pointer;
    plan.parallelism_at = pointer + "/parallelism";
    plan.placement_at = pointer + "/placement";
    plan.engine_at = pointer + "/engine";
    scale(plan, service.autoscaler);
    return {plan};
  }
  std::vector<ReplicaPlan> plans;
  for (std::size_t i = 0; i < service.pools.size(); ++i) {
    const PoolSpec& pool = service.pools[i];
    ReplicaPlan& plan = plans.emplace_back(common);
    plan.pool = pool.name;
    plan.role = pool.role;
    plan.replicas = pool.replicas;
    plan.parallelism = pool.parallelism ? &*pool.parallelism : &service.parallelism;
    plan.placement = placement(pool.placement);
    plan.engine = pool.engine ? &*pool.engine : &service.engine;
    plan.pointer = pointer + "/pools/" + std::to_string(i);
    plan.parallelism_at = (pool.parallelism ? plan.pointer : pointer) + "/parallelism";
    plan.placement_at = (pool.placement ? plan.pointer : pointer) + "/placement";
    plan.engine_at = (pool.engine ? plan.pointer : pointer) + "/engine";
    scale(plan, pool.autoscaler);
  }
  return plans;
}

const LlmServiceSpec* as_llm(const ServiceSpec& service) {
  return service.has_value() ? dynamic_cast<const LlmServiceSpec*>(&*service) : nullptr;
}

std::vector<ReplicaPlan> replica_plans_after(const LlmServiceSpec& service, const ModelSwapSpec& swap,
                                             const std::string& pointer, const std::string& swap_pointer) {
  std::vector<ReplicaPlan> plans = replica_plans(service, pointer);
  for (ReplicaPlan& plan : plans) {
    plan.is_swap = true;
    plan.model = &swap.to.model;
    plan.served_at = swap_pointer + "/to";
    plan.kv_cache_precision = &swap.to.kv_cache_precision;
    plan.speculation = &swap.to.speculation;
    if (swap.to.precision) {
      plan.precision = &*swap.to.precision;
      plan.precision_at = plan.served_at + "/precision";
    }
    if (swap.to.engine) {
      plan.engine = &*swap.to.engine;
      plan.engine_at = plan.served_at + "/engine";
    }
  }
  return plans;
}

LengthsSpec::LengthsSpec() : input(workload::length_options()), output(workload::length_options()) {}

void LengthsSpec::visit(FieldVisitor& v) {
  field(v, "input", input, "Tokens of a prompt", rule().required());
  field(v, "output", output, "Tokens of an answer", rule().required());
}

WorkloadSpec::WorkloadSpec() : arrivals(workload::arrival_options()) {}

void WorkloadSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name of the workload, from which its random streams derive; the service's name when absent",
        rule().is_name());
  field(v, "service", service, "Service that answers the requests", rule().required());
  field(v, "arrivals", arrivals, "When requests come", rule().required());
  field(v, "lengths", lengths,
        "How long prompts and answers are; traces, statistics of clients and sessions bring their own");
  field(v, "class", service_class, "Class of its requests; the service's first when absent", rule().is_name());
  field(v, "tenant", tenant, "Tenant that sends them; the service's first when absent", rule().is_name());
  field(v, "patience_s", patience, "A client leaves that has no first token after so long; never when absent",
        rule().above(0));
  field(v, "gives_up_share", gives_up_share, "Share of the clients that leave somewhere in their answer",
        rule().share());
}

void ReportSpec::visit(FieldVisitor& v) {
  field(v, "interval_s", interval, "Step of the time series", rule().at_least(0.1).at_most(kLongestRun));
}

void CatalogEntries::visit(FieldVisitor& v) {
  field(v, "gpus", gpus, "GPUs by id");
  field(v, "kernels", kernels, "Fitted kernel times by id");
  field(v, "racks", racks, "Rack kinds by id");
  field(v, "models", models, "Language models by id");
  field(v, "lengths", lengths, "Tables of prompt and answer lengths by id");
  field(v, "switches", switches, "Switches of fabrics by id");
  field(v, "transceivers", transceivers, "Optical modules and copper cables by id");
  field(v, "sites", sites, "Climates of places by id");
}

void CatalogSpec::visit(FieldVisitor& v) {
  field(v, "files", files, "Files with entries: objects with these sections", rule().is_path());
  CatalogEntries::visit(v);
}

void ScenarioSpec::visit(FieldVisitor& v) {
  field(v, "format", format, "Format of this file", rule().required().one_of(kFormats));
  field(v, "name", name, "Name of the scenario", rule().required().is_name());
  field(v, "seed", seed, "Seed of all random streams", rule().at_least(0));
  field(v, "clock", clock, "When and for how long");
  field(v, "site", site, "Weather, electricity and local time");
  field(v, "factory", factory, "Racks, network, storage, power and cooling");
  field(v, "services", services, "What is made on the GPUs", rule().required());
  field(v, "workloads", workloads, "Requests for the services", rule().required());
  field(v, "traffic", traffic, "Bytes that move without a request");
  field(v, "incidents", incidents, "What happens to the factory during the run");
  field(v, "report", report, "How results are recorded");
  field(v, "year", year, "What `tokenworks year` needs besides; its defaults when absent");
  field(v, "catalog", catalog, "Catalog entries of this scenario");
}

}  // namespace tokenworks::scenario
