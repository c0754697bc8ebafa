#include "sim/scenario/check_scenario.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <istream>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "models/llm/layout.hpp"
#include "models/llm/memory_capacity.hpp"
#include "models/llm/speculation/drafter_layers.hpp"
#include "sim/scenario/check_cooling.hpp"
#include "sim/scenario/check_engine.hpp"
#include "sim/scenario/check_network.hpp"
#include "sim/scenario/check_power.hpp"
#include "sim/scenario/check_power_caps.hpp"
#include "sim/scenario/check_scaling.hpp"
#include "sim/scenario/check_serving.hpp"
#include "sim/scenario/check_sessions.hpp"
#include "sim/scenario/check_sharing.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/local_time.hpp"

namespace tokenworks::scenario {
namespace {

// More than any site has; keeps the checks themselves short.
constexpr double kMostNodes = 2e6;
constexpr double kMostGpus = 16e6;

std::string gigabytes(Bytes bytes) { return fmt::format("{:.1f} GB", bytes.value / 1e9); }

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

class Checker {
 public:
  Checker(ScenarioSpec& spec, Catalog& catalog, FaultList& faults) : spec_(spec), catalog_(catalog), faults_(faults) {}

  void run() {
    if (faults_.total() > faults_.kept().size()) return;  // which values are at fault is not known any more
    check_clock();
    check_site();
    check_year();
    check_names();
    open_racks();
    for (std::size_t i = 0; i < spec_.services.size(); ++i) check_service(i);
    check_sharing(spec_, memory_claims_, all_known("/services", service_names_), faults_);
    check_power_caps(spec_, gpus_, all_known("/services", service_names_), faults_);
    check_overflow(spec_, all_known("/services", service_names_), faults_);
    check_placement();
    for (std::size_t i = 0; i < spec_.workloads.size(); ++i) check_workload(i);
    for (std::size_t i = 0; i < spec_.incidents.size(); ++i) check_incident(i);
    check_cooling(spec_, catalog_, racks_known() && !too_large_, faults_);
    check_power(spec_, catalog_, racks_known() && !too_large_, faults_);
    if (!too_large_) check_network(spec_, catalog_, faults_);
  }

 private:
  /// A rack group whose kind and GPU are known.
  struct Group {
    const RackGroupSpec* spec = nullptr;
    const compute::RackSpec* rack = nullptr;
    const compute::GpuSpec* gpu = nullptr;
  };

  static std::string at(std::string_view list, std::size_t index, std::string_view key = {}) {
    return fmt::format("/{}/{}{}", list, index, key);
  }

  /// Whether the list has been read with all its names, so that a name that is not among them is unknown.
  bool all_known(std::string_view list, const std::vector<std::string>& names) const {
    return !faults_.stand_at(list) && std::find(names.begin(), names.end(), "") == names.end();
  }

  void unknown_name(std::string pointer, const std::string& name, std::string_view what,
                    const std::vector<std::string>& names) {
    if (faults_.concern(pointer)) return;
    faults_.add(FaultKind::unknown_name, std::move(pointer),
                fmt::format("found {}; {}: {}", shown(name), what, names.empty() ? "none" : name_list(names)),
                nearest_name(name, names));
  }

  bool racks_known() const { return !faults_.stand_at("/factory") && all_known("/factory/racks", rack_names_); }

  void check_clock() {
    const ClockSpec& clock = spec_.clock;
    const auto start = parse_local_time(clock.start);
    if (!start && !faults_.concern("/clock/start")) {
      faults_.add(FaultKind::bad_date, "/clock/start",
                  fmt::format("found {}; allowed: a date such as 2026-07-15T14:00:00 or 2026-07-15T14:00:00+02:00",
                              shown(clock.start)));
    }
    if (start && start->utc_offset_h && spec_.site.utc_offset_h && *start->utc_offset_h != *spec_.site.utc_offset_h) {
      faults_.add(FaultKind::conflicting_keys, "/clock/start",
                  fmt::format("its offset of {} h is not /site/utc_offset_h, {} h", number_text(*start->utc_offset_h),
                              number_text(*spec_.site.utc_offset_h)));
    }
    if (clock.warm_up >= clock.duration && !faults_.concern("/clock")) {
      faults_.add(FaultKind::out_of_range, "/clock/warm_up_s",
                  fmt::format("found {}; allowed: less than duration_s, {}", number_text(clock.warm_up.value),
                              number_text(clock.duration.value)));
    }
  }

  /// What can be said without opening the files that the site names.
  void check_site() {
    struct NeedsFile {};
    const auto without_files = [](const std::string&) -> std::unique_ptr<std::istream> { throw NeedsFile(); };
    const auto start = parse_local_time(spec_.clock.start);
    if (!start || faults_.stand_at("/site")) return;
    const SiteSpec& site = spec_.site;
    if (site.weather.has_value() && !faults_.concern("/site/weather")) {
      const std::string id = site.weather->site();
      ValidityNotes unused;
      try {
        if (!id.empty()) {
          open("/site/weather/site", [&](FaultList& f) { return catalog_.site(id, f); });
        } else {
          guarded("/site/weather", [&] { site.weather->load(without_files, unused); });
        }
      } catch (const NeedsFile&) {  // nothing to be said
      }
    }
    if (site.electricity.has_value() && !faults_.concern("/site/electricity")) {
      try {
        guarded("/site/electricity", [&] { site.electricity->load(calendar_year(*start), without_files); });
      } catch (const NeedsFile&) {  // nothing to be said
      }
    }
  }

  void check_year() {
    struct NeedsFile {};
    const auto start = parse_local_time(spec_.clock.start);
    if (!spec_.year || !start) return;
    const std::string list = "/year/operating_points";
    const std::vector<OperatingPoint>& points = spec_.year->operating_points;
    for (std::size_t i = 0; i < points.size() && !faults_.concern(list); ++i) {
      if (i > 0 && points[i].load <= points[i - 1].load) {
        faults_.add(FaultKind::out_of_range, fmt::format("{}/{}/load", list, i),
                    fmt::format("found {}; allowed: more than that of the point before, {}", points[i].load,
                                points[i - 1].load));
      }
      if (points[i].fans_and_supplies_w.value_or(0.0) > points[i].it_w) {
        faults_.add(FaultKind::out_of_range, fmt::format("{}/{}/fans_and_supplies_w", list, i),
                    fmt::format("found {}; allowed: at most it_w, {}", *points[i].fans_and_supplies_w, points[i].it_w));
      }
    }
    if (!spec_.year->demand.has_value() || faults_.concern("/year/demand")) return;
    try {
      guarded("/year/demand", [&] {
        spec_.year->demand->load(calendar_year(*start),
                                 [](const std::string&) -> std::unique_ptr<std::istream> { throw NeedsFile(); });
      });
    } catch (const NeedsFile&) {  // nothing to be said without the file
    }
  }

  void check_names() {
    if (spec_.factory.racks.empty() && !faults_.stand_at("/factory/racks") && !faults_.stand_at("/factory")) {
      faults_.add(FaultKind::out_of_range, "/factory/racks",
                  "found an empty list; allowed: at least one group of racks");
    }
    for (const RackGroupSpec& group : spec_.factory.racks) rack_names_.push_back(group.name);
    for (ServiceSpec& service : spec_.services) service_names_.push_back(service.has_value() ? service->name : "");
    std::vector<std::string> workload_names;
    for (const WorkloadSpec& workload : spec_.workloads) workload_names.push_back(workload.name);
    check_unique("factory/racks", rack_names_, "");
    services_.insert(service_names_.begin(), service_names_.end());
    check_unique("services", service_names_, "");
    check_unique("workloads", workload_names, "; a workload without a name bears that of its service");
  }

  void check_unique(std::string_view list, const std::vector<std::string>& names, std::string_view hint) {
    std::map<std::string, std::size_t> first;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty()) continue;
      const auto [other, is_new] = first.try_emplace(names[i], i);
      if (is_new) continue;
      faults_.add(FaultKind::duplicate_name, at(list, i, "/name"),
                  fmt::format("{} is the name of {} already{}", shown(names[i]), at(list, other->second), hint));
    }
  }

  void open_racks() {
    double nodes = 0, gpus = 0;
    for (std::size_t i = 0; i < spec_.factory.racks.size(); ++i) {
      const RackGroupSpec& group = spec_.factory.racks[i];
      groups_.push_back({&group, nullptr, nullptr});
      const std::string kind = at("factory/racks", i, "/kind");
      if (group.kind.empty() || faults_.concern(kind)) continue;
      const compute::RackSpec* rack = open(kind, [&](FaultList& f) { return catalog_.rack(group.kind, f); });
      if (rack == nullptr || !check_rack(kind, *rack)) continue;
      nodes += static_cast<double>(group.count) * static_cast<double>(rack->nodes);
      gpus += static_cast<double>(group.count) * static_cast<double>(rack->nodes * rack->gpus_per_node);
      const std::vector<std::string> ids = catalog_.ids("gpus");
      if (std::find(ids.begin(), ids.end(), rack->gpu) == ids.end()) {
        unknown_name(kind, rack->gpu, "the rack kind names this GPU, and the catalog has in gpus", ids);
        continue;
      }
      groups_.back() = {&group, rack, open(kind, [&](FaultList& f) { return catalog_.gpu(rack->gpu, f); })};
      if (groups_.back().gpu != nullptr) check_kernels(kind, rack->gpu, *groups_.back().gpu);
    }
    if (nodes > kMostNodes || gpus > kMostGpus) {
      too_large_ = true;
      faults_.add(FaultKind::out_of_range, "/factory/racks",
                  fmt::format("found {} nodes with {} GPUs; allowed: at most {} with {}", number_text(nodes),
                              number_text(gpus), number_text(kMostNodes), number_text(kMostGpus)));
    }
  }

  /// Scale-up domains must be whole nodes of one rack or parts of a node.
  bool check_rack(const std::string& pointer, const compute::RackSpec& rack) {
    constexpr std::int64_t kMost = 1'000'000;
    const std::int64_t node = rack.gpus_per_node, domain = rack.scale_up_domain_gpus;
    bool fits = node > 0 && domain > 0 && rack.nodes > 0 && node <= kMost && domain <= kMost && rack.nodes <= kMost;
    fits = fits && (domain > node ? domain % node == 0 && rack.nodes * node % domain == 0 : node % domain == 0);
    if (!fits) {
      faults_.add(
          FaultKind::out_of_range, pointer,
          fmt::format(
              "the rack kind has {} nodes of {} GPUs and domains of {}; allowed: domains of whole nodes that fill "
              "the rack, or equal parts of a node",
              rack.nodes, node, domain));
    }
    return fits;
  }

  /// Opens a catalog entry that the value at `pointer` names. Faults of the entry's file are told as they are; when it
  /// cannot be used for another reason, this is a fault of the value.
  template <class Open>
  auto open(const std::string& pointer, const Open& open_entry) -> decltype(open_entry(std::declval<FaultList&>())) {
    FaultList found;
    const auto entry = open_entry(found);
    const bool silent = entry == nullptr && found.empty();
    faults_.append(std::move(found));
    if (silent && !faults_.concern(pointer)) {
      faults_.add(FaultKind::cannot_read, pointer, "the catalog entry that is named here cannot be used");
    }
    return entry;
  }

  /// A GPU's kernel times must be there: without them no step has a duration.
  void check_kernels(const std::string& pointer, const std::string& id, const compute::GpuSpec& gpu) {
    const std::vector<std::string> ids = catalog_.ids("kernels");
    for (const std::string& kernels : gpu.kernels) {
      if (std::find(ids.begin(), ids.end(), kernels) == ids.end()) {
        unknown_name(pointer, kernels, fmt::format("GPU {} names these kernels, and the catalog has in kernels", id),
                     ids);
      } else {
        open(pointer, [&](FaultList& f) { return catalog_.kernels(kernels, f); });
      }
    }
    if (gpu.kernels.empty() && !faults_.concern(pointer)) {
      faults_.add(FaultKind::missing_key, pointer, fmt::format("GPU {} names no kernels", id));
    }
  }

  /// Groups that a service may stand in.
  std::vector<const Group*> groups_of(const ReplicaPlan& plan) const {
    std::vector<const Group*> list;
    for (const Group& group : groups_) {
      const auto allowed = [&](const std::vector<std::string>& racks) {
        return std::find(racks.begin(), racks.end(), group.spec->name) != racks.end();
      };
      if (plan.placement == nullptr || allowed(plan.placement->racks)) list.push_back(&group);
    }
    return list;
  }

  void check_service(std::size_t index) {
    if (!spec_.services[index].has_value()) return;
    ServiceOption& service = *spec_.services[index];
    const std::string pointer = at("services", index);
    if (service.placement) check_racks(pointer + "/placement", *service.placement);
    if (auto* llm = dynamic_cast<LlmServiceSpec*>(&service)) check_llm(pointer, *llm);
  }

  void check_racks(const std::string& pointer, const PlacementSpec& placement) {
    const std::vector<std::string>& racks = placement.racks;
    if (racks.empty() && !faults_.concern(pointer)) {
      faults_.add(FaultKind::out_of_range, pointer + "/racks",
                  "found an empty list; allowed: at least one rack group, or no placement at all");
    }
    for (std::size_t i = 0; i < racks.size(); ++i) {
      if (!racks_known() || std::find(rack_names_.begin(), rack_names_.end(), racks[i]) != rack_names_.end()) continue;
      unknown_name(fmt::format("{}/racks/{}", pointer, i), racks[i], "the factory has the rack groups", rack_names_);
    }
  }

  void check_llm(const std::string& pointer, LlmServiceSpec& service) {
    for (std::size_t i = 0; i < service.pools.size(); ++i) {
      const std::string pool = fmt::format("{}/pools/{}", pointer, i);
      if (service.pools[i].placement) check_racks(pool + "/placement", *service.pools[i].placement);
    }
    check_served(replica_plans(service, pointer));
    check_serving(pointer, service, faults_);
    check_autoscalers(pointer, service, faults_);
  }

  /// Whether the replicas of one service can serve their model.
  void check_served(const std::vector<ReplicaPlan>& plans) {
    const ReplicaPlan& common = plans.front();
    const std::string model_at = common.served_at + "/model";
    const bool model_known = !common.model->empty() && !faults_.concern(model_at);
    const llm::LlmSpec* model =
        model_known ? open(model_at, [&](FaultList& f) { return catalog_.model(*common.model, f); }) : nullptr;
    if (model != nullptr && !check_model(model_at, *model)) model = nullptr;
    const bool speculation_good = check_speculation(common, model);
    // What several pools take from their service is checked once for all that stand in one kind of GPU.
    std::set<std::string> checked;
    const LlmServiceSpec* owner = gpu_owner(spec_, *common.service);
    for (ReplicaPlan plan : plans) {
      if (owner != nullptr) plan.placement = owner->placement ? &*owner->placement : nullptr;
      const bool layout_new = checked.insert(plan.parallelism_at).second;
      const bool layout_good =
          model != nullptr && (layout_new ? check_parallelism(plan, *model) : !faults_.concern(plan.parallelism_at));
      const bool places_new = checked.insert(plan.placement_at + " of GPUs").second;
      const compute::GpuSpec* gpu = check_gpu(plan, places_new && !plan.is_swap);
      if (gpu != nullptr) gpus_[common.service].push_back(gpu);
      const std::string title = gpu == nullptr ? std::string() : gpu->title;
      const bool precision_good = checked.insert("precision on " + title).second ? check_precision(plan, model, gpu)
                                                                                 : !faults_.concern(plan.precision_at);
      if (layout_good && precision_good && speculation_good && gpu != nullptr) check_memory(plan, *model, *gpu);
    }
  }

  bool check_model(const std::string& pointer, const llm::LlmSpec& model) {
    try {
      llm::require_consistent(model);
    } catch (const std::invalid_argument& error) {
      faults_.add(FaultKind::inconsistent_model, pointer, error.what());
      return false;
    }
    return true;
  }

  bool check_parallelism(const ReplicaPlan& plan, const llm::LlmSpec& model) {
    const llm::Parallelism& parallelism = *plan.parallelism;
    if (faults_.concern(plan.parallelism_at)) return false;
    const std::string model_at = plan.served_at + "/model";
    const auto refuse = [&](std::string_view key, const std::string& message) {
      if (plan.is_swap) {
        if (faults_.concern(model_at)) return false;
        faults_.add(FaultKind::bad_parallelism, model_at,
                    fmt::format("does not suit {}/{}: {}", plan.parallelism_at, key, message));
      } else {
        faults_.add(FaultKind::bad_parallelism, fmt::format("{}/{}", plan.parallelism_at, key), message);
      }
      return false;
    };
    std::vector<std::int64_t> heads;
    for (const llm::GroupedAttention& attention : model.grouped_attention) heads.push_back(attention.heads);
    for (const llm::LatentAttention& attention : model.latent_attention) heads.push_back(attention.heads);
    for (const std::int64_t count : heads) {
      if (count % parallelism.tensor == 0) continue;
      return refuse("tensor", fmt::format("found {}; allowed: divisors of the {} attention heads of {}",
                                          parallelism.tensor, count, *plan.model));
    }
    if (parallelism.expert > 1 && model.experts.empty()) {
      return refuse("expert", fmt::format("found {}; {} has no experts to spread", parallelism.expert, *plan.model));
    }
    for (const llm::Experts& experts : model.experts) {
      const std::int64_t gpus = parallelism.gpus_per_stage();
      if (experts.count % parallelism.expert == 0 && gpus % parallelism.expert == 0) continue;
      return refuse("expert", fmt::format("found {}; allowed: divisors of both the {} experts and the {} of a {}",
                                          parallelism.expert, experts.count, counted(gpus, "GPU", "GPUs"),
                                          parallelism.pipeline > 1 ? "stage" : "replica"));
    }
    if (parallelism.pipeline > model.layers) {
      return refuse("pipeline", fmt::format("found {}; {} has {} to cut into stages", parallelism.pipeline, *plan.model,
                                            counted(model.layers, "layer", "layers")));
    }
    try {
      llm::gpu_layout(model, parallelism);
    } catch (const std::invalid_argument& error) {
      faults_.add(FaultKind::bad_parallelism, plan.is_swap ? model_at : plan.parallelism_at, error.what());
      return false;
    }
    return true;
  }

  /// The GPU that all racks of the replicas hold. Null when that is not known, or they differ.
  const compute::GpuSpec* check_gpu(const ReplicaPlan& plan, bool told) {
    const Group* first = nullptr;
    for (const Group* group : groups_of(plan)) {
      if (group->gpu == nullptr) return nullptr;
      if (first == nullptr) first = group;
      if (group->rack->gpu == first->rack->gpu) continue;
      if (!told) return nullptr;
      faults_.add(
          FaultKind::mixed_gpus, plan.placement == nullptr ? plan.pointer : plan.placement_at + "/racks",
          fmt::format("its replicas may stand in {} with {} and in {} with {}; name racks with one kind of GPU in "
                      "\"placement\"",
                      first->spec->name, first->rack->gpu, group->spec->name, group->rack->gpu));
      return nullptr;
    }
    return first == nullptr ? nullptr : first->gpu;
  }

  bool check_precision(const ReplicaPlan& plan, const llm::LlmSpec* model, const compute::GpuSpec* gpu) {
    if (faults_.concern(plan.precision_at)) return false;
    const std::string at =
        plan.is_swap && !plan.precision_at.starts_with(plan.served_at) ? plan.served_at + "/model" : plan.precision_at;
    if (faults_.concern(at)) return false;
    const auto refuse = [&](const std::string& message, const std::vector<std::string>& allowed) {
      faults_.add(FaultKind::unsupported_precision, at,
                  fmt::format("found {}; {}: {}", shown(*plan.precision), message, name_list(allowed)));
      return false;
    };
    if (model != nullptr &&
        std::find(model->precisions.begin(), model->precisions.end(), *plan.precision) == model->precisions.end()) {
      return refuse(fmt::format("{} is served in", *plan.model), model->precisions);
    }
    if (gpu == nullptr) return true;
    std::vector<std::string> known = {"bf16"};
    if (gpu->ratings.fp8_flop_per_s > 0) known.emplace_back("fp8");
    // Experts in mxfp4 or int4 are widened to bf16 where a GPU has no fp4 units: so gpt-oss runs on Hopper.
    const bool widened =
        model != nullptr && (model->fp4_format == "mxfp4_experts" || model->fp4_format == "int4_experts");
    if (gpu->ratings.fp4_flop_per_s > 0 || widened) known.emplace_back("fp4");
    if (std::find(known.begin(), known.end(), *plan.precision) != known.end()) return true;
    return refuse(fmt::format("{} computes in", gpu->title), known);
  }

  /// Whether the layers of the drafter, if one is used, are known.
  bool check_speculation(const ReplicaPlan& plan, const llm::LlmSpec* model) {
    if (!*plan.speculation) return true;
    const std::string place = plan.served_at + "/speculation";
    if (faults_.concern(place) || !(*plan.speculation)->has_value()) return false;
    const llm::SpeculationOption& option = ***plan.speculation;
    const std::optional<double> stated = option.stated_mean_accepted();
    const auto most = static_cast<double>(1 + option.draft_tokens);
    if (stated && *stated > most) {
      faults_.add(
          FaultKind::out_of_range, place + "/mean_accepted",
          fmt::format("found {}; allowed: at most 1 + draft_tokens, {}", number_text(*stated), number_text(most)));
    }
    if (model == nullptr) return false;
    if (option.uses_drafter() && model->drafters.empty()) {
      faults_.add(
          FaultKind::no_drafter, place + "/kind",
          fmt::format("{} has no drafter in the catalog; allowed: n_gram, or a model with drafters", *plan.model));
      return false;
    }
    if (option.uses_drafter() && !model->drafters.empty()) {
      try {
        llm::model_with_drafter(*model);
      } catch (const std::invalid_argument& error) {
        faults_.add(FaultKind::inconsistent_model, place + "/kind", error.what());
        return false;
      }
    }
    if (!llm::mean_accepted(option, *model)) {
      const std::size_t measured = model->drafters.front().mean_accepted.size();
      faults_.add(
          FaultKind::missing_key, place + "/mean_accepted",
          fmt::format("is missing; the drafter of {} is measured for {}, not for {}", *plan.model,
                      measured == 0 ? "no number of drafted tokens" : fmt::format("1 to {} drafted tokens", measured),
                      option.draft_tokens));
    }
    return true;
  }

  void check_memory(const ReplicaPlan& plan, const llm::LlmSpec& model, const compute::GpuSpec& gpu) {
    if (faults_.concern(plan.engine_at) || !plan.engine->has_value()) return;
    if (faults_.concern(plan.served_at + "/kv_cache_precision")) return;
    const batching::EngineProfile profile = (*plan.engine)->profile(gpu, plan.parallelism->attention_data);
    if (!check_engine(plan, profile, faults_)) return;
    Bytes adapters(0);
    if (plan.service->adapters && !plan.is_swap && !check_adapters(plan, model, gpu, adapters, faults_)) return;
    const llm::KvPool pool = llm::kv_pool(gpu, plan.held_layers(model), llm::precision_from_name(*plan.precision),
                                          plan.kv_format(), *plan.parallelism, memory_rule(profile, adapters));
    if (plan.service->pools.empty() && !plan.is_swap)
      memory_claims_[plan.service] = claimed_share(memory_rule(profile, adapters), pool, gpu);
    if (pool.tokens >= profile.kv_block_tokens) return;
    const std::string missing = pool.missing_bytes_per_gpu.value > 0
                                    ? fmt::format("{} are missing on each GPU", gigabytes(pool.missing_bytes_per_gpu))
                                    : std::string("no room is left for the KV cache");
    faults_.add(FaultKind::does_not_fit,
                plan.is_swap || plan.service->pools.empty() ? plan.served_at + "/model" : plan.pointer,
                fmt::format("{} in {} over {} takes {} of weights on each GPU of {}: {}", *plan.model, *plan.precision,
                            counted(plan.parallelism->gpus(), "GPU", "GPUs"), gigabytes(pool.weight_bytes_per_gpu),
                            gigabytes(gpu.memory), missing));
  }

  /// All services together, as the run will place them.
  void check_placement() {
    if (too_large_ || faults_.concern("/factory/racks") || faults_.stand_at("/factory")) return;
    std::vector<placement::RackGroup> groups;
    for (const Group& group : groups_) {
      if (group.rack == nullptr) return;
      groups.push_back({group.spec->name, group.spec->count, group.rack->nodes, group.rack->gpus_per_node,
                        group.rack->scale_up_domain_gpus});
    }
    std::vector<placement::Demand> demands;
    std::vector<ReplicaPlan> plans;
    for (std::size_t i = 0; i < spec_.services.size(); ++i) {
      const auto* llm = spec_.services[i].has_value() ? dynamic_cast<LlmServiceSpec*>(&*spec_.services[i]) : nullptr;
      if (llm == nullptr || llm->shares_gpus_with || faults_.concern(at("services", i, "/placement"))) continue;
      for (const ReplicaPlan& plan : replica_plans(*llm, at("services", i))) {
        if (faults_.concern(plan.placement_at) || !check_domain(plan) || !check_gpu_count(plan)) continue;
        demands.push_back({plan.demand(), plan.replicas, plan.parallelism->gpus(),
                           plan.placement != nullptr ? plan.placement->racks : std::vector<std::string>{},
                           spec_.factory.fabric.has_value()});
        plans.push_back(plan);
      }
    }
    const placement::Placement placed = placement::place(groups, demands);
    for (std::size_t k = 0; k < demands.size(); ++k) {
      if (placed.missing[k] == 0) continue;
      faults_.add(
          FaultKind::too_few_gpus, plans[k].replicas_at,
          fmt::format("{} of {} wanted, {} without a place{}: {}", counted(plans[k].replicas, "replica", "replicas"),
                      counted(demands[k].gpus_per_replica, "GPU", "GPUs"), placed.missing[k],
                      demands.size() > 1 ? " beside the others" : "", available(plans[k])));
    }
    if (!spec_.factory.fabric && placed.complete()) check_hand_over(groups, plans, placed);
  }

  /// Without a fabric, keys and values get from a prefill to a decode replica within a scale-up domain alone.
  void check_hand_over(std::vector<placement::RackGroup> groups, const std::vector<ReplicaPlan>& plans,
                       const placement::Placement& placed) {
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto domain_of = [&groups](std::int64_t node) {
      std::size_t g = 0;
      for (; node >= groups[g].racks * groups[g].nodes_per_rack; ++g)
        node -= groups[g].racks * groups[g].nodes_per_rack;
      const std::int64_t nodes = std::max<std::int64_t>(1, groups[g].domain_gpus / groups[g].gpus_per_node);
      return std::pair(g, node / nodes);
    };
    std::map<const LlmServiceSpec*, std::pair<std::string, std::set<std::pair<std::size_t, std::int64_t>>>> domains;
    for (std::size_t k = 0; k < plans.size(); ++k) {
      if (plans[k].role == "serve") continue;
      auto& [pools, of_service] = domains[plans[k].service];
      pools = plans[k].pointer.substr(0, plans[k].pointer.rfind('/'));
      for (const auto& replica : placed.slices[k]) {
        for (const placement::Slice& slice : replica) of_service.insert(domain_of(slice.node));
      }
    }
    for (const auto& [service, found] : domains) {
      const auto& [pools, of_service] = found;
      if (of_service.size() < 2 || faults_.concern(pools)) continue;
      faults_.add(FaultKind::needs_other_part, pools,
                  fmt::format("the prefill and decode replicas of {} stand in {} scale-up domains, and there is no "
                              "/factory/fabric between them",
                              service->name, of_service.size()));
    }
  }

  /// A replica must fit into one scale-up domain, or fill several where a fabric joins them.
  bool check_domain(const ReplicaPlan& plan) {
    const std::int64_t gpus = plan.parallelism->gpus();
    std::int64_t largest = 0;
    bool fills = false;
    for (const Group* group : groups_of(plan)) {
      const std::int64_t domain = group->rack->scale_up_domain_gpus;
      largest = std::max(largest, domain);
      fills = fills || gpus % domain == 0;
    }
    if (largest == 0) return false;
    if (gpus <= largest || (spec_.factory.fabric && fills)) return true;
    const std::string hint = spec_.factory.fabric
                                 ? "over a fabric it may fill several domains, and this number is no multiple of one"
                                 : "without a fabric it cannot span several";
    faults_.add(FaultKind::too_few_gpus, plan.parallelism_at,
                fmt::format("a replica needs {} in one scale-up domain; the largest of its racks has {}; {}",
                            counted(gpus, "GPU", "GPUs"), largest, hint));
    return false;
  }

  /// The replicas alone must not need more GPUs than their racks have.
  bool check_gpu_count(const ReplicaPlan& plan) {
    const std::int64_t needed = plan.replicas * plan.parallelism->gpus();
    std::int64_t present = 0;
    for (const Group* group : groups_of(plan))
      present += group->spec->count * group->rack->nodes * group->rack->gpus_per_node;
    if (needed <= present) return true;
    faults_.add(FaultKind::too_few_gpus, plan.replicas_at,
                fmt::format("{} of {} need {}: {}", counted(plan.replicas, "replica", "replicas"),
                            counted(plan.parallelism->gpus(), "GPU", "GPUs"), needed, available(plan)));
    return false;
  }

  std::string available(const ReplicaPlan& plan) const {
    std::string text;
    for (const Group* group : groups_of(plan)) {
      const std::int64_t gpus = group->spec->count * group->rack->nodes * group->rack->gpus_per_node;
      text += fmt::format(
          "{}{} has {} in {} of {}", text.empty() ? "" : ", ", group->spec->name, counted(gpus, "GPU", "GPUs"),
          counted(gpus / group->rack->scale_up_domain_gpus, "domain", "domains"), group->rack->scale_up_domain_gpus);
    }
    return text;
  }

  void check_workload(std::size_t index) {
    WorkloadSpec& workload = spec_.workloads[index];
    const std::string pointer = at("workloads", index);
    const bool service_known = services_.contains(workload.service);
    if (!service_known && all_known("/services", service_names_)) {
      unknown_name(pointer + "/service", workload.service, "the services are", service_names_);
    }
    check_sender(spec_, index, faults_);
    if (!workload.arrivals.has_value() || faults_.concern(pointer + "/arrivals") ||
        faults_.concern(pointer + "/lengths"))
      return;
    if (workload.arrivals->brings_sessions()) return check_agents(pointer, workload);
    const bool brings_lengths = workload.arrivals->brings_lengths();
    if (brings_lengths && workload.lengths) {
      faults_.add(FaultKind::conflicting_keys, pointer + "/lengths",
                  fmt::format("arrivals of kind {} bring their own lengths", workload.arrivals.kind()));
    } else if (!brings_lengths && !workload.lengths) {
      faults_.add(FaultKind::missing_key, pointer + "/lengths",
                  fmt::format("is missing; arrivals of kind {} bring no lengths", workload.arrivals.kind()));
    }
    guarded(pointer + "/arrivals", [&] { workload.arrivals->open_process(0.0); });
    if (!workload.lengths) return;
    check_length(pointer + "/lengths/input", *workload.lengths->input);
    check_length(pointer + "/lengths/output", *workload.lengths->output);
  }

  void check_agents(const std::string& pointer, const WorkloadSpec& workload) {
    if (workload.lengths) {
      faults_.add(FaultKind::conflicting_keys, pointer + "/lengths", "sessions bring their own lengths");
    }
    SessionCheck check{.pointer = pointer + "/arrivals", .context_tokens = {}, .check_length = {}};
    check.check_length = [this](const std::string& at, const workload::LengthDistribution& lengths) {
      check_length(at, lengths);
    };
    for (const ServiceSpec& service : spec_.services) {
      const LlmServiceSpec* llm = as_llm(service);
      if (llm == nullptr || llm->name != workload.service || llm->model.empty()) continue;
      FaultList told_with_the_service;
      if (const llm::LlmSpec* model = catalog_.model(llm->model, told_with_the_service)) {
        check.context_tokens = model->context_tokens;
      }
    }
    check_sessions(*workload.arrivals, check, faults_);
  }

  void check_length(const std::string& pointer, const workload::LengthDistribution& lengths) {
    bool found_all = true;
    const workload::FindLengthTable find = [&](const std::string& name) {
      const auto* table = open(pointer, [&](FaultList& f) { return catalog_.lengths(name, f); });
      found_all = found_all && table != nullptr;
      static const workload::LengthTable any{.title = {}, .shares = {0, 1}, .tokens = {1, 1}, .sources = {}};
      return table == nullptr ? &any : table;
    };
    guarded(pointer, [&] { lengths.sampler(find); });
  }

  /// What a model refuses is a fault of the scenario.
  void guarded(const std::string& pointer, const std::function<void()>& action) {
    try {
      action();
    } catch (const std::invalid_argument& error) {
      if (!faults_.concern(pointer)) faults_.add(FaultKind::out_of_range, pointer, error.what());
    }
  }

  void check_incident(std::size_t index) {
    if (!spec_.incidents[index].has_value()) return;
    IncidentOption& incident = *spec_.incidents[index];
    const std::string pointer = at("incidents", index);
    if (incident.at > spec_.clock.duration && !faults_.concern(pointer + "/at_s") && !faults_.concern("/clock")) {
      faults_.add(FaultKind::out_of_range, pointer + "/at_s",
                  fmt::format("found {}; allowed: at most the clock's duration_s, {}", number_text(incident.at.value),
                              number_text(spec_.clock.duration.value)));
    }
    if (const auto* failure = dynamic_cast<NodeFailureSpec*>(&incident))
      check_target(pointer + "/target", failure->target);
    if (const auto* swap = dynamic_cast<ModelSwapSpec*>(&incident)) check_swap(pointer, *swap);
  }

  void check_swap(const std::string& pointer, const ModelSwapSpec& swap) {
    if (swap.service.empty() || faults_.concern(pointer + "/service")) return;
    if (!services_.contains(swap.service)) {
      if (all_known("/services", service_names_)) {
        unknown_name(pointer + "/service", swap.service, "the services are", service_names_);
      }
      return;
    }
    for (std::size_t i = 0; i < spec_.services.size(); ++i) {
      const auto* llm = spec_.services[i].has_value() ? dynamic_cast<LlmServiceSpec*>(&*spec_.services[i]) : nullptr;
      if (llm == nullptr || llm->name != swap.service) continue;
      if (faults_.stand_at(at("services", i)) || faults_.concern(pointer + "/to/model")) return;
      check_served(replica_plans_after(*llm, swap, at("services", i), pointer));
      check_model_swap(pointer, swap, *llm, faults_);
    }
  }

  void check_target(const std::string& pointer, const std::string& target) {
    if (faults_.concern(pointer) || !racks_known()) return;
    const auto name = parse_node_name(target);
    if (!name) {
      faults_.add(
          FaultKind::bad_name, pointer,
          fmt::format("found {}; allowed: a rack group and a node counted from 0, such as row_a/3", shown(target)));
      return;
    }
    const auto group =
        std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.spec->name == name->group; });
    if (group == groups_.end())
      return unknown_name(pointer, name->group, "the factory has the rack groups", rack_names_);
    if (group->rack == nullptr) return;
    const std::int64_t nodes = group->spec->count * group->rack->nodes;
    if (name->node < nodes) return;
    faults_.add(FaultKind::out_of_range, pointer,
                fmt::format("found node {}; {} has {}, counted from 0", name->node, name->group,
                            counted(nodes, "node", "nodes")));
  }

  ScenarioSpec& spec_;
  Catalog& catalog_;
  FaultList& faults_;
  std::vector<std::string> rack_names_, service_names_;
  std::set<std::string> services_;  // the same names
  std::vector<Group> groups_;
  std::map<const LlmServiceSpec*, double> memory_claims_;  // shares of each GPU
  GpusOfServices gpus_;
  bool too_large_ = false;  // the factory has more nodes or GPUs than are simulated
};

}  // namespace

void check_scenario(ScenarioSpec& spec, Catalog& catalog, FaultList& faults) { Checker(spec, catalog, faults).run(); }

std::optional<NodeName> parse_node_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == text.npos) return std::nullopt;
  NodeName name{text.substr(0, slash), 0};
  const char* first = text.data() + slash + 1;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, name.node);
  if (error != std::errc() || end != last || name.node < 0 || *first == '-') return std::nullopt;
  return name;
}

}  // namespace tokenworks::scenario
