#include "sim/report/network_json.hpp"

#include <string>
#include <utility>
#include <vector>

#include "sim/report/json_values.hpp"

namespace tokenworks::report {

using Json = nlohmann::ordered_json;

namespace {

Json fabric_json(const std::optional<metrics::FabricResult>& fabric) {
  if (!fabric) return nullptr;
  Json parts = Json::array();
  double watts = 0.0, usd = 0.0;
  for (const metrics::PartResult& part : fabric->parts) {
    parts.push_back({{"part", part.part},
                     {"category", part.category},
                     {"count", part.count},
                     {"idle_w", part.idle_w},
                     {"full_w", part.full_w},
                     {"price_usd", part.price_usd}});
    watts += part.full_w;
    usd += part.price_usd;
  }
  return {{"kind", fabric->kind},
          {"routing", fabric->routing},
          {"detail", fabric->step_traffic},
          {"contention", fabric->contention},
          {"nodes", fabric->nodes},
          {"switches", fabric->switches},
          {"links", fabric->links},
          {"cables", fabric->cables},
          {"bisection_gb_per_s", fabric->bisection_bytes_per_s / 1e9},
          {"all_to_all_gb_per_s_per_node", fabric->all_to_all_bytes_per_s / 1e9},
          {"latency_s", fabric->latency_s},
          {"single_points_of_failure", fabric->single_points_of_failure},
          {"biconnected_components", fabric->biconnected_components},
          {"full_w", watts},
          {"price_usd", usd},
          {"bill_of_materials", std::move(parts)}};
}

Json purposes_json(const std::vector<metrics::MoveTotals>& purposes) {
  Json json = Json::array();
  for (const metrics::MoveTotals& totals : purposes) {
    json.push_back({{"purpose", totals.purpose},
                    {"bytes", totals.bytes},
                    {"transfers", totals.transfers},
                    {"failed", totals.failed},
                    {"duration_s", latency(totals.duration_s)},
                    {"congestion_share", number(totals.congestion_share)}});
  }
  return json;
}

Json traffic_json(const std::vector<metrics::TrafficResult>& traffic) {
  Json json = Json::array();
  for (const metrics::TrafficResult& source : traffic) {
    json.push_back({{"name", source.name},
                    {"kind", source.kind},
                    {"completed", source.rounds},
                    {"skipped", source.skipped},
                    {"failed", source.failed},
                    {"duration_s", latency(source.round_s)},
                    {"blocking_s", latency(source.blocking_s)}});
  }
  return json;
}

Json links_json(const std::vector<metrics::LinkResult>& links) {
  Json json = Json::array();
  for (const metrics::LinkResult& link : links) {
    json.push_back({{"link", link.name},
                    {"capacity_gb_per_s", link.capacity_bytes_per_s / 1e9},
                    {"bytes", link.bytes},
                    {"mean_utilisation", link.mean_utilisation},
                    {"peak_utilisation", link.peak_utilisation}});
  }
  return json;
}

Json transfers_json(std::int64_t transfers, double bytes, const std::optional<metrics::LatencySummary>& duration) {
  return {{"transfers", transfers}, {"bytes", bytes}, {"duration_s", latency(duration)}};
}

}  // namespace

Json network_json(const metrics::NetworkResult& network) {
  Json scale_up = Json::array();
  for (const metrics::ScaleUpResult& domain : network.scale_up) {
    scale_up.push_back({{"racks", domain.racks},
                        {"kind", domain.kind},
                        {"gpus", domain.gpus},
                        {"switches", domain.switches},
                        {"bisection_gb_per_s", domain.bisection_bytes_per_s / 1e9},
                        {"all_to_all_gb_per_s_per_gpu", domain.all_to_all_bytes_per_s / 1e9},
                        {"latency_s", domain.latency_s},
                        {"single_points_of_failure", domain.single_points_of_failure}});
  }
  return {{"fabric", fabric_json(network.fabric)},
          {"scale_up", std::move(scale_up)},
          {"bytes", network.bytes},
          {"congestion_share", number(network.congestion_share)},
          {"bytes_by_purpose", purposes_json(network.purposes)},
          {"traffic", traffic_json(network.traffic)},
          {"busiest_links", links_json(network.busiest_links)},
          {"energy_j", network.energy_j}};
}

Json storage_json(const metrics::StorageResult& storage) {
  return {{"kind", storage.kind.empty() ? Json(nullptr) : Json(storage.kind)},
          {"reads", transfers_json(storage.reads, storage.read_bytes, storage.read_s)},
          {"writes", transfers_json(storage.writes, storage.written_bytes, storage.write_s)},
          {"energy_j", storage.energy_j}};
}

}  // namespace tokenworks::report
