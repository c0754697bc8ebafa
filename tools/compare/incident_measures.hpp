// What incidents did in a run, and which incidents of several runs are the same one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/compare/measures.hpp"

namespace tokenworks::compare {

struct MeasuredIncident {
  std::string kind, target;
  double at_s = 0.0;
  bool happened = true;
  std::vector<std::pair<std::string, double>> effects;
};

/// Of a run's report; a year has none.
std::vector<MeasuredIncident> incidents_of(const scenario::Json& document, scenario::FaultList& faults);

/// An incident that happened in some of the runs: equal kind and target, in the order of dates; incidents of one kind
/// that no run has both of (of designs whose parts bear other names) are taken as one.
struct MatchedIncident {
  std::string title;                                ///< "utility_loss utility"; all targets where they differ
  std::string id;                                   ///< "utility_loss/utility/1"
  std::vector<const MeasuredIncident*> of_reports;  ///< null: not in this run
};
std::vector<MatchedIncident> match_incidents(const std::vector<const std::vector<MeasuredIncident>*>& reports);

/// Label, unit and sense of an effect.
Measure effect_measure(const std::string& effect);

}  // namespace tokenworks::compare
