#include "tools/compare/incident_measures.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

#include <fmt/format.h>

namespace tokenworks::compare {
namespace {

using scenario::FaultKind;
using scenario::FaultList;
using scenario::Json;

struct Effect {
  std::string_view name, label;
  Unit unit;
  Better better;
};
constexpr Effect kEffects[] = {
    {"happened", "Happened", Unit::count, Better::neither},
    {"time_to_throttle_s", "Time to throttle", Unit::seconds, Better::higher},
    {"time_to_shutdown_s", "Time to shutdown", Unit::seconds, Better::higher},
    {"least_clock_share", "Least clock", Unit::share, Better::higher},
    {"slowed_s", "Time slowed", Unit::seconds, Better::lower},
    {"dark_s", "Time dark", Unit::seconds, Better::lower},
    {"rack_groups_dark", "Rack groups dark", Unit::count, Better::lower},
    {"racks_dark_s", "Time racks are dark", Unit::seconds, Better::lower},
    {"cooling_dark_s", "Time without cooling", Unit::seconds, Better::lower},
    {"replicas_down", "Replicas down", Unit::count, Better::lower},
    {"requests_failed", "Requests failed", Unit::count, Better::lower},
    {"on_battery", "Times on battery", Unit::count, Better::neither},
    {"batteries_empty", "Batteries empty", Unit::count, Better::lower},
    {"generators_started", "Generators started", Unit::count, Better::neither},
    {"generators_failed", "Generators failed", Unit::count, Better::lower},
    {"breakers_opened", "Breakers opened", Unit::count, Better::neither},
    {"met", "Met", Unit::count, Better::higher},
    {"time_over_limit_s", "Time over the limit", Unit::seconds, Better::lower},
    {"output_tokens_lost", "Output tokens lost", Unit::count, Better::lower},
    {"requests_not_completed", "Requests not completed", Unit::count, Better::lower},
    {"slo_attainment_share", "Promises kept in this run", Unit::share, Better::higher},
    {"peak_facility_w", "Peak of the facility", Unit::watts, Better::neither},
    {"hottest_server_inlet_c", "Hottest server inlet", Unit::celsius, Better::lower},
    {"hottest_rack_supply_c", "Hottest coolant supply", Unit::celsius, Better::lower},
    {"time_on_battery_s", "Time on batteries", Unit::seconds, Better::neither},
    {"generator_fuel_l", "Fuel of generators", Unit::litres, Better::neither},
};

MeasuredIncident incident_at(const Json& document, const std::string& at, FaultList& faults) {
  MeasuredIncident incident;
  incident.kind = find_text(document, at + "/kind", faults);
  incident.target = find_text(document, at + "/target", faults);
  incident.at_s = find_number(document, at + "/at_s", faults).value_or(0.0);
  const Json* const effects = find_value(document, at + "/effects", faults);
  if (effects == nullptr) return incident;
  if (!effects->is_object()) {
    faults.add(FaultKind::wrong_type, at + "/effects",
               fmt::format("found {}; allowed: an object", effects->type_name()));
    return incident;
  }
  for (const auto& [name, value] : effects->items()) {
    if (value.is_number()) {
      incident.effects.emplace_back(name, value.get<double>());
      if (name == "happened") incident.happened = value.get<double>() != 0.0;
    } else if (!value.is_null()) {
      faults.add(FaultKind::wrong_type, at + "/effects" + scenario::pointer_step(name),
                 fmt::format("found {}; allowed: a number or null", value.type_name()));
    }
  }
  return incident;
}

/// An incident of each report, or of some.
struct Matching {
  std::string kind;
  std::vector<std::string> targets;  // different ones, in the order of finding
  int occurrence = 1;
  std::vector<const MeasuredIncident*> of_reports;

  bool excludes(const Matching& other) const {
    for (std::size_t r = 0; r < of_reports.size(); ++r) {
      if (of_reports[r] != nullptr && other.of_reports[r] != nullptr) return true;
    }
    return false;
  }
};

}  // namespace

std::vector<MeasuredIncident> incidents_of(const Json& document, FaultList& faults) {
  std::vector<MeasuredIncident> incidents;
  const Json* const list = find_value(document, "/incidents", faults);
  if (list == nullptr) return incidents;
  if (!list->is_array()) {
    faults.add(FaultKind::wrong_type, "/incidents", fmt::format("found {}; allowed: a list", list->type_name()));
    return incidents;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    incidents.push_back(incident_at(document, fmt::format("/incidents/{}", i), faults));
  }
  return incidents;
}

std::vector<MatchedIncident> match_incidents(const std::vector<const std::vector<MeasuredIncident>*>& reports) {
  std::vector<Matching> found;
  for (std::size_t r = 0; r < reports.size(); ++r) {
    for (const MeasuredIncident& incident : *reports[r]) {
      // The first of this kind and target that this report has not yet taken part in.
      auto same = std::find_if(found.begin(), found.end(), [&](const Matching& m) {
        return m.kind == incident.kind && m.targets.front() == incident.target && m.of_reports[r] == nullptr;
      });
      if (same == found.end()) {
        const auto before = std::count_if(found.begin(), found.end(), [&](const Matching& m) {
          return m.kind == incident.kind && m.targets.front() == incident.target;
        });
        found.push_back({incident.kind, {incident.target}, static_cast<int>(before) + 1, {}});
        found.back().of_reports.resize(reports.size(), nullptr);
        same = found.end() - 1;
      }
      same->of_reports[r] = &incident;
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (std::size_t j = i + 1; j < found.size();) {
      if (found[j].kind != found[i].kind || found[i].excludes(found[j])) {
        ++j;
        continue;
      }
      for (std::size_t r = 0; r < reports.size(); ++r) {
        if (found[j].of_reports[r] != nullptr) found[i].of_reports[r] = found[j].of_reports[r];
      }
      for (const std::string& target : found[j].targets) {
        if (std::find(found[i].targets.begin(), found[i].targets.end(), target) == found[i].targets.end()) {
          found[i].targets.push_back(target);
        }
      }
      found.erase(found.begin() + static_cast<std::ptrdiff_t>(j));
    }
  }
  std::vector<MatchedIncident> matched;
  for (Matching& one : found) {
    std::string targets = fmt::format("{}", fmt::join(one.targets, " / "));
    std::string title = fmt::format("{}{}{}", one.kind, targets.empty() ? "" : " ", targets);
    if (one.occurrence > 1) title += fmt::format(", no. {}", one.occurrence);
    matched.push_back({std::move(title), fmt::format("{}/{}/{}", one.kind, one.targets.front(), one.occurrence),
                       std::move(one.of_reports)});
  }
  return matched;
}

Measure effect_measure(const std::string& effect) {
  Measure measure;
  measure.topic = Topic::incidents;
  measure.id = effect;
  for (const Effect& known : kEffects) {
    if (known.name != effect) continue;
    measure.label = known.label;
    measure.unit = known.unit;
    measure.better = known.better;
    return measure;
  }
  measure.unit = unit_of_name(effect);
  measure.label = spoken(without_unit(effect));
  return measure;
}

}  // namespace tokenworks::compare
