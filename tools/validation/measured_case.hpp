// A published measurement: the scenario that repeats it here, and the figures to compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/jobs/request.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/year_result.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::validation {

/// What the simulator made of a case.
struct CaseRun {
  metrics::RunResult result;
  std::vector<jobs::EndedRequest> requests;  ///< of a replay, by arrival
  metrics::YearResult year;                  ///< of a case that is a year of a facility
  const metrics::ServiceResult& service() const { return result.services.front(); }
};

/// One figure of a case. The name carries the unit ("ttft_s").
struct Comparison {
  std::string metric;
  double measured = 0.0;
  std::function<double(const CaseRun&)> predicted;
  std::string part = {};                     ///< of the case, when it has several figures of one metric: "bench-17"
  std::optional<double> measured_most = {};  ///< end of a published range that begins with `measured`
  bool difference = false;                   ///< the error is a difference, no share: PUE, shares of a year
  /// What is measured or, of a range, what of it is nearest.
  double nearest(double predicted_value) const;
};

/// A request to be replayed.
struct ReplayedRequest {
  double arrival_s = 0.0;  ///< from the first one
  std::int64_t input_tokens = 1, output_tokens = 1;
};

struct MeasuredCase {
  std::string name;            ///< short, unique within its group: "1024x1024 c64 tp8 (line 17)"
  std::string group;           ///< GPU, model, engine, mode, precision: errors are told and parts are split by it
  std::string engine_version;  ///< as printed; empty when it is not known
  scenario::Json scenario;     ///< null: the figures come from a model alone, and nothing is run
  std::vector<ReplayedRequest> replay;       ///< when not empty: the arrivals of the scenario's workload
  bool idle = false;                         ///< no request is meant to come
  bool year = false;                         ///< a year of the facility, from the operating points of the scenario
  std::vector<scenario::Json> other_places;  ///< the same facility elsewhere; the year is that of all together
  std::string stated;  ///< what the scenario says besides the defaults; told with the figures where it is not empty
  std::vector<Comparison> comparisons;
};

/// Rows by reason, in the order in which reasons came up.
class ReasonCounts {
 public:
  void count(std::string_view reason, std::size_t rows = 1);
  const std::vector<std::pair<std::string, std::size_t>>& reasons() const { return reasons_; }

 private:
  std::vector<std::pair<std::string, std::size_t>> reasons_;
};

/// All cases of one file of measurements.
struct CaseSet {
  std::size_t rows = 0;  ///< of the file
  std::vector<MeasuredCase> cases;
  ReasonCounts left_out;  ///< rows without a case; with the cases they are all rows
  ReasonCounts partly;    ///< rows with a case that lacks some figures
};

}  // namespace tokenworks::validation
