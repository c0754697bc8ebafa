#include "sim/scenario/check_network.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "sim/scenario/check_scenario.hpp"
#include "sim/scenario/fabric_plan.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

constexpr std::string_view kFabric = "/factory/fabric";

class NetworkChecker {
 public:
  NetworkChecker(ScenarioSpec& spec, Catalog& catalog, FaultList& faults)
      : spec_(spec), catalog_(catalog), faults_(faults) {}

  void run() {
    racks_good_ = !faults_.concern("/factory/racks") && !faults_.stand_at("/factory") && !spec_.factory.racks.empty();
    if (spec_.factory.storage && spec_.factory.storage->has_value()) {
      shared_storage_ = !(*spec_.factory.storage)->profile().is_local;
    }
    for (std::size_t i = 0; i < spec_.factory.racks.size(); ++i) check_scale_up(i);
    if (spec_.factory.fabric) check_fabric();
    for (std::size_t i = 0; i < spec_.services.size(); ++i) check_service(i);
    check_traffic();
    for (std::size_t i = 0; i < spec_.incidents.size(); ++i) check_incident(i);
  }

 private:
  bool has_fabric() const { return spec_.factory.fabric.has_value(); }
  /// Nothing is known of the storage where its own fields are at fault.
  bool lacks_shared_storage() const { return !shared_storage_ && !faults_.concern("/factory/storage"); }

  std::string described_storage() const {
    if (!spec_.factory.storage) return "the factory has no storage";
    return fmt::format("storage of kind {} is shared by nobody", spec_.factory.storage->kind());
  }

  void needs(std::string pointer, const std::string& message) {
    if (faults_.concern(pointer)) return;
    faults_.add(FaultKind::needs_other_part, std::move(pointer), message);
  }

  void check_scale_up(std::size_t index) {
    const RackGroupSpec& group = spec_.factory.racks[index];
    if (!racks_good_ || !group.scale_up || !group.scale_up->has_value()) return;
    FaultList known;  // faults of the entries are told elsewhere
    const compute::RackSpec* rack = catalog_.rack(group.kind, known);
    const compute::GpuSpec* gpu = rack == nullptr ? nullptr : catalog_.gpu(rack->gpu, known);
    if (gpu == nullptr) return;
    for (const topology::TopologyFault& fault : (*group.scale_up)->faults(scale_up_domain(*rack, *gpu))) {
      faults_.add(FaultKind::bad_fabric,
                  fmt::format("/factory/racks/{}/scale_up{}{}", index, fault.place.empty() ? "" : "/", fault.place),
                  fault.message);
    }
  }

  // ---- The fabric -------------------------------------------------------------------------------------------------

  void check_fabric() {
    if (!spec_.factory.fabric->has_value() || faults_.concern(kFabric)) return;
    const FabricOption& fabric = **spec_.factory.fabric;
    if (fabric.carries_storage() && lacks_shared_storage()) {
      needs(std::string(kFabric) + "/storage_attachment", fmt::format("found \"fabric\"; {}", described_storage()));
    }
    if (!racks_good_) return;
    FaultList found;
    const FabricPlan plan = plan_fabric(spec_, catalog_, found);
    const bool parts_known = found.empty();
    faults_.append(std::move(found));
    if (!parts_known) return;
    const std::vector<topology::TopologyFault> wrong = fabric.topology().faults(plan.endpoints, plan.parts);
    for (const topology::TopologyFault& fault : wrong) {
      faults_.add(FaultKind::bad_fabric, fmt::format("{}{}{}", kFabric, fault.place.empty() ? "" : "/", fault.place),
                  fault.message);
    }
    if (wrong.empty() && strikes_the_fabric()) graph_ = build_fabric(fabric, plan);
  }

  bool strikes_the_fabric() const {
    return std::any_of(spec_.incidents.begin(), spec_.incidents.end(), [](const IncidentSpec& incident) {
      return incident.has_value() && dynamic_cast<const NetworkIncidentSpec*>(&*incident) != nullptr;
    });
  }

  // ---- Services ---------------------------------------------------------------------------------------------------

  void check_service(std::size_t index) {
    const auto* service =
        spec_.services[index].has_value() ? dynamic_cast<LlmServiceSpec*>(&*spec_.services[index]) : nullptr;
    if (service == nullptr) return;
    const std::string pointer = fmt::format("/services/{}/weight_source", index);
    if (service->weight_source == "peers" && !has_fabric()) {
      needs(pointer, "found \"peers\"; without a fabric no weights come from other replicas");
    }
    if (service->weight_source == "peers" && lacks_shared_storage()) {
      needs(pointer,
            fmt::format("found \"peers\"; the first replica's weights come from storage, and {}", described_storage()));
    }
    // Without any storage weights are there at once; from drives alone nobody but the node itself reads.
    if (service->weight_source == "storage" && spec_.factory.storage && lacks_shared_storage()) {
      needs(pointer, fmt::format("found \"storage\"; {}; allowed: local_drives", described_storage()));
    }
  }

  // ---- Traffic ----------------------------------------------------------------------------------------------------

  void check_traffic() {
    std::map<std::string, std::size_t> first;
    for (std::size_t i = 0; i < spec_.traffic.size(); ++i) {
      if (!spec_.traffic[i].has_value()) continue;
      const TrafficOption& traffic = *spec_.traffic[i];
      const std::string pointer = fmt::format("/traffic/{}", i);
      if (!traffic.name.empty()) {
        const auto [other, is_new] = first.try_emplace(traffic.name, i);
        if (!is_new) {
          faults_.add(FaultKind::duplicate_name, pointer + "/name",
                      fmt::format("{} is the name of /traffic/{} already", shown(traffic.name), other->second));
        }
      }
      check_racks(pointer, traffic);
      if (const auto* checkpoint = dynamic_cast<const CheckpointSpec*>(&traffic)) {
        check_store(pointer + "/target", checkpoint->target);
      } else if (const auto* read = dynamic_cast<const DatasetReadSpec*>(&traffic)) {
        check_store(pointer + "/source", read->source);
      } else if (const auto* offload = dynamic_cast<const KvOffloadSpec*>(&traffic)) {
        check_store(pointer + "/target", offload->target);
        check_service_name(pointer + "/service", offload->service);
      } else {
        check_pairs(pointer, traffic);
      }
    }
  }

  void check_store(const std::string& pointer, const std::string& store) {
    if (store == "storage" && lacks_shared_storage()) {
      needs(pointer, fmt::format("found \"storage\"; {}", described_storage()));
    }
  }

  void check_racks(const std::string& pointer, const TrafficOption& traffic) {
    if (faults_.concern("/factory/racks") || faults_.stand_at("/factory")) return;
    std::vector<std::string> names;
    for (const RackGroupSpec& group : spec_.factory.racks) names.push_back(group.name);
    for (std::size_t i = 0; i < traffic.racks.size(); ++i) {
      if (std::find(names.begin(), names.end(), traffic.racks[i]) == names.end()) {
        unknown_name(fmt::format("{}/racks/{}", pointer, i), traffic.racks[i], "the factory has the rack groups",
                     names);
      }
    }
  }

  void check_pairs(const std::string& pointer, const TrafficOption& traffic) {
    if (!has_fabric()) needs(pointer + "/kind", "found \"point_to_point\"; the factory has no fabric");
    if (!racks_good_ || faults_.concern(pointer + "/racks")) return;
    std::int64_t nodes = 0;
    for (const RackGroupSpec& group : spec_.factory.racks) {
      const bool wanted = traffic.racks.empty() ||
                          std::find(traffic.racks.begin(), traffic.racks.end(), group.name) != traffic.racks.end();
      const compute::RackSpec* kind = catalog_.rack(group.kind, faults_);
      if (wanted && kind != nullptr) nodes += group.count * kind->nodes;
    }
    if (nodes < 2) needs(pointer + "/racks", fmt::format("found {} node; a pair needs two", nodes));
  }

  void check_service_name(const std::string& pointer, const std::string& name) {
    std::vector<std::string> names;
    for (ServiceSpec& service : spec_.services) names.push_back(service.has_value() ? service->name : "");
    if (faults_.stand_at("/services") || std::find(names.begin(), names.end(), "") != names.end()) return;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      unknown_name(pointer, name, "the services are", names);
    }
  }

  // ---- Incidents --------------------------------------------------------------------------------------------------

  void check_incident(std::size_t index) {
    if (!spec_.incidents[index].has_value()) return;
    const IncidentOption& incident = *spec_.incidents[index];
    const std::string pointer = fmt::format("/incidents/{}", index);
    if (const auto* load = dynamic_cast<const WeightLoadSpec*>(&incident)) return check_weight_load(pointer, *load);
    const auto* network = dynamic_cast<const NetworkIncidentSpec*>(&incident);
    if (network == nullptr) return;
    if (network->times > 1 && network->repair_after && network->period <= *network->repair_after) {
      faults_.add(FaultKind::out_of_range, pointer + "/period_s",
                  fmt::format("found {}; allowed: more than down_s, {}", number_text(network->period.value),
                              number_text(network->repair_after->value)));
    }
    if (network->part() == NetworkIncidentSpec::Part::storage) {
      if (lacks_shared_storage()) needs(pointer + "/kind", described_storage());
      return;
    }
    if (!has_fabric()) return needs(pointer + "/kind", "the factory has no fabric");
    if (graph_ && !network->target.empty() && !faults_.concern(pointer + "/target")) check_target(pointer, *network);
  }

  void check_weight_load(const std::string& pointer, const WeightLoadSpec& load) {
    if (load.service.empty()) return;
    check_service_name(pointer + "/service", load.service);
    for (ServiceSpec& service : spec_.services) {
      const auto* llm = service.has_value() ? dynamic_cast<LlmServiceSpec*>(&*service) : nullptr;
      if (llm == nullptr || llm->name != load.service) continue;
      std::int64_t replicas = 0;
      for (const ReplicaPlan& plan : replica_plans(*llm)) replicas += plan.replicas;
      if (load.replicas <= replicas) continue;
      faults_.add(FaultKind::out_of_range, pointer + "/replicas",
                  fmt::format("found {}; {} has {}", load.replicas, load.service, replicas));
    }
  }

  void check_target(const std::string& pointer, const NetworkIncidentSpec& incident) {
    using Part = NetworkIncidentSpec::Part;
    const std::string place = pointer + "/target";
    if (incident.part() == Part::network_card) return check_card(pointer, incident);
    if (incident.part() == Part::switch_) {
      check_vertex(place, incident.target, "the fabric has the switches", /*switches_only=*/true);
      return;
    }
    const std::size_t dashes = incident.target.find("--");
    if (dashes == incident.target.npos) {
      faults_.add(
          FaultKind::bad_name, place,
          fmt::format("found {}; allowed: the two ends of a link, such as row_a/0--leaf_0", shown(incident.target)));
      return;
    }
    const auto a = check_vertex(place, incident.target.substr(0, dashes), "the fabric joins", false);
    const auto b = check_vertex(place, incident.target.substr(dashes + 2), "the fabric joins", false);
    if (!a || !b) return;
    std::vector<std::string> neighbours;
    for (const topology::Link& link : graph_->links) {
      if (link.a != *a && link.b != *a) continue;
      const std::uint32_t other = link.other(*a);
      if (other == *b) return;
      neighbours.push_back(graph_->name(*a) + "--" + graph_->name(other));
    }
    faults_.add(
        FaultKind::unknown_name, place,
        fmt::format("found {}; {} has the links: {}", shown(incident.target), graph_->name(*a), name_list(neighbours)));
  }

  void check_card(const std::string& pointer, const NetworkIncidentSpec& incident) {
    const auto name = parse_node_name(incident.target);
    if (!name) {
      faults_.add(FaultKind::bad_name, pointer + "/target",
                  fmt::format("found {}; allowed: a rack group and a node counted from 0, such as row_a/3",
                              shown(incident.target)));
      return;
    }
    if (!check_vertex(pointer + "/target", incident.target, "the fabric joins the nodes", false)) return;
    for (const RackGroupSpec& group : spec_.factory.racks) {
      if (group.name != name->group) continue;
      const compute::RackSpec* kind = catalog_.rack(group.kind, faults_);
      if (kind == nullptr || incident.card < kind->nics_per_node) return;
      faults_.add(FaultKind::out_of_range, pointer + "/nic",
                  fmt::format("found card {}; a node of {} has {}, counted from 0", incident.card, group.name,
                              kind->nics_per_node));
    }
  }

  std::optional<std::uint32_t> check_vertex(const std::string& pointer, const std::string& name, std::string_view what,
                                            bool switches_only) {
    std::vector<std::string> names;
    const std::set<std::uint32_t> endpoints(graph_->endpoints.begin(), graph_->endpoints.end());
    for (std::uint32_t i = 0; i < graph_->vertices.size(); ++i) {
      if (switches_only && endpoints.contains(i)) continue;
      names.push_back(graph_->name(i));
      if (names.back() == name) return i;
    }
    unknown_name(pointer, name, what, names);
    return std::nullopt;
  }

  void unknown_name(const std::string& pointer, const std::string& name, std::string_view what,
                    const std::vector<std::string>& names) {
    if (faults_.concern(pointer)) return;
    faults_.add(FaultKind::unknown_name, pointer,
                fmt::format("found {}; {}: {}", shown(name), what, names.empty() ? "none" : name_list(names)),
                nearest_name(name, names));
  }

  ScenarioSpec& spec_;
  Catalog& catalog_;
  FaultList& faults_;
  bool racks_good_ = false;
  bool shared_storage_ = false;
  std::optional<topology::Graph> graph_;  // where incidents strike it
};

}  // namespace

void check_network(ScenarioSpec& spec, Catalog& catalog, FaultList& faults) {
  NetworkChecker(spec, catalog, faults).run();
}

}  // namespace tokenworks::scenario
