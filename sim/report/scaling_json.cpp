#include "sim/report/scaling_json.hpp"

#include "sim/report/json_values.hpp"

namespace tokenworks::report {

nlohmann::ordered_json scaling_json(const std::optional<metrics::ScalingResult>& scaling) {
  if (!scaling) return nullptr;
  return {{"decisions", scaling->decisions},
          {"started", scaling->started},
          {"drained", scaling->drained},
          {"replica_seconds", scaling->replica_seconds},
          {"mean_replicas", scaling->mean_replicas},
          {"peak_replicas", scaling->peak_replicas},
          {"load_s", latency(scaling->load_s)},
          {"start_s", latency(scaling->start_s)}};
}

}  // namespace tokenworks::report
