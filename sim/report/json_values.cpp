#include "sim/report/json_values.hpp"

namespace tokenworks::report {

using Json = nlohmann::ordered_json;

Json number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json object(const std::vector<std::pair<std::string, double>>& entries) {
  Json json = Json::object();
  for (const auto& [key, value] : entries) json[key] = value;
  return json;
}

Json latency(const std::optional<metrics::LatencySummary>& latency) {
  if (!latency)
    return {{"mean", nullptr}, {"p50", nullptr}, {"p90", nullptr},
            {"p95", nullptr},  {"p99", nullptr}, {"max", nullptr}};
  return {{"mean", latency->mean}, {"p50", latency->p50}, {"p90", latency->p90},
          {"p95", latency->p95},   {"p99", latency->p99}, {"max", latency->max}};
}

Json assumptions_json(const std::vector<Assumption>& assumptions) {
  Json json = Json::array();
  for (const Assumption& assumption : assumptions) {
    json.push_back({{"subject", assumption.subject},
                    {"value", assumption.value},
                    {"evidence", assumption.evidence},
                    {"source", assumption.source}});
  }
  return json;
}

Json validity_json(const std::map<std::string, ValidityNote>& notes) {
  Json json = Json::array();
  for (const auto& [subject, note] : notes) {
    json.push_back({{"subject", subject},
                    {"worst", note.worst},
                    {"minimum", note.minimum},
                    {"maximum", note.maximum},
                    {"count", note.count}});
  }
  return json;
}

}  // namespace tokenworks::report
