#include "tools/compare/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace tokenworks::compare {
namespace {

using scenario::FaultList;
using scenario::Json;

constexpr double kAlike = 1e-9;          // relative: the last digits of sums
constexpr double kAsGood = 1e-4;         // relative: what a table's digits do not show makes nothing better
constexpr double kLengthsDiffer = 0.01;  // relative: runs end when their last request has
constexpr double kStoresChange = 0.005;  // of the facility's energy: what batteries hold more or less at the end
constexpr double kSecondsPerHour = 3600.0;
constexpr std::size_t kMostTold = 12;

bool alike(double a, double b, double tolerance = kAlike) {
  if (a == b) return true;
  return std::isfinite(a) && std::isfinite(b) && std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
}

/// Faults have been told when the report was read.
std::string text_at(const ReportInput& report, std::string_view pointer) {
  FaultList told;
  return printable(find_text(report.document, pointer, told));
}

ComparedReport describe(const ReportInput& report) {
  FaultList told;
  ComparedReport described;
  described.name = report.name;
  described.path = printable(report.path);
  described.kind = report.kind == ReportKind::run ? "run" : "year";
  described.scenario = text_at(report, "/scenario/name");
  described.version = text_at(report, "/provenance/version");
  described.git_revision = text_at(report, "/provenance/git_revision");
  described.outcome = text_at(report, "/outcome/status");
  described.cooling = text_at(report, "/cooling/kind");
  described.heat_rejection = text_at(report, "/cooling/heat_rejection");
  described.power = text_at(report, "/scenario/factory/power/kind");
  described.redundancy = text_at(report, "/scenario/factory/power/redundancy");
  described.length_s = find_number(report.document, "/outcome/simulated_s", told);
  if (report.kind == ReportKind::year) {
    const std::optional<double> hours = find_number(report.document, "/outcome/hours", told);
    if (hours) described.length_s = *hours * kSecondsPerHour;
  }
  return described;
}

void judge(Row& row) {
  const std::size_t count = row.values.size();
  row.differences.assign(count, std::nullopt);
  row.shares.assign(count, std::nullopt);
  row.best.assign(count, false);
  const std::optional<double> first = row.values.front();
  for (std::size_t i = 1; i < count && first && std::isfinite(*first); ++i) {
    if (!row.values[i] || !std::isfinite(*row.values[i])) continue;
    const bool same = alike(*row.values[i], *first);
    row.differences[i] = same ? 0.0 : *row.values[i] - *first;
    if (same) {
      row.shares[i] = 0.0;
    } else if (*first != 0.0 && row.unit != Unit::celsius) {
      row.shares[i] = *row.differences[i] / std::abs(*first);
    }
  }
  if (row.better == Better::neither || row.is_same()) return;
  const double sense = row.better == Better::higher ? 1.0 : -1.0;
  std::optional<double> best;
  std::size_t known = 0;
  for (const std::optional<double>& value : row.values) {
    if (!value) continue;
    ++known;
    if (!best || *value * sense > *best * sense) best = value;
  }
  if (known < 2) return;
  for (std::size_t i = 0; i < count; ++i) row.best[i] = row.values[i] && alike(*row.values[i], *best, kAsGood);
  if (static_cast<std::size_t>(std::count(row.best.begin(), row.best.end(), true)) == known) {
    row.best.assign(count, false);
  }
}

/// Rows in the order of the first report, what others have in addition behind what it follows there.
class Rows {
 public:
  explicit Rows(std::size_t reports) : reports_(reports) {}

  void add(std::size_t report, const std::vector<Measure>& measures) {
    std::size_t last = rows_.size();  // none yet
    for (const Measure& measure : measures) {
      std::size_t at = find(measure);
      if (at == rows_.size()) {
        at = place_of(measure, last);
        Row row;
        row.topic = measure.topic;
        row.section = printable(measure.section);
        row.id = measure.id;
        row.label = printable(measure.label);
        row.unit = measure.unit;
        row.better = measure.better;
        row.values.resize(reports_);
        rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(at), std::move(row));
      }
      rows_[at].values[report] = measure.value && !std::isnan(*measure.value) ? measure.value : std::nullopt;
      last = at;
    }
  }

  std::vector<Row> take() {
    std::erase_if(rows_, [](const Row& row) { return row.is_absent() || is_ordinary(row); });
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.topic < b.topic; });
    for (Row& row : rows_) judge(row);
    return std::move(rows_);
  }

 private:
  /// Incidents happen, as they should.
  static bool is_ordinary(const Row& row) {
    return row.topic == Topic::incidents && row.id.ends_with("/happened") &&
           std::all_of(row.values.begin(), row.values.end(), [](const auto& value) { return !value || *value == 1.0; });
  }
  std::size_t find(const Measure& measure) const {
    const auto same = std::find_if(rows_.begin(), rows_.end(),
                                   [&](const Row& row) { return row.topic == measure.topic && row.id == measure.id; });
    return static_cast<std::size_t>(same - rows_.begin());
  }
  std::size_t place_of(const Measure& measure, std::size_t last) const {
    if (last < rows_.size() && rows_[last].topic == measure.topic) return last + 1;
    return rows_.size();
  }

  std::size_t reports_;
  std::vector<Row> rows_;
};

constexpr const char* kDates[] = {"time_to_throttle_s", "time_to_shutdown_s"};

/// What an incident did in each report. A date that did not come in a report in which the incident happened, and did
/// in another, is never; that of throttling also where it came in none.
std::vector<std::vector<Measure>> incident_measures(const std::vector<ReportInput>& reports) {
  std::vector<const std::vector<MeasuredIncident>*> all;
  for (const ReportInput& report : reports) all.push_back(&report.incidents);
  std::vector<std::vector<Measure>> measures(reports.size());
  for (const MatchedIncident& matched : match_incidents(all)) {
    const auto has = [&](const MeasuredIncident& incident, std::string_view effect) {
      return std::any_of(incident.effects.begin(), incident.effects.end(),
                         [&](const auto& pair) { return pair.first == effect; });
    };
    const auto anybody_has = [&](std::string_view effect) {
      return std::any_of(matched.of_reports.begin(), matched.of_reports.end(), [&](const MeasuredIncident* incident) {
        return incident != nullptr && has(*incident, effect);
      });
    };
    for (std::size_t r = 0; r < reports.size(); ++r) {
      const MeasuredIncident* const incident = matched.of_reports[r];
      if (incident == nullptr) continue;
      const auto add = [&](const std::string& effect, double value) {
        Measure measure = effect_measure(effect);
        measure.section = matched.title;
        measure.id = fmt::format("{}/{}", matched.id, effect);
        measure.value = value;
        measures[r].push_back(std::move(measure));
      };
      for (const char* date : kDates) {
        const auto found = std::find_if(incident->effects.begin(), incident->effects.end(),
                                        [&](const auto& pair) { return pair.first == date; });
        if (found != incident->effects.end()) {
          add(date, found->second);
        } else if (incident->happened &&
                   (anybody_has(date) || (date == kDates[0] && has(*incident, "least_clock_share")))) {
          add(date, std::numeric_limits<double>::infinity());
        }
      }
      for (const auto& [effect, value] : incident->effects) {
        if (std::find(std::begin(kDates), std::end(kDates), effect) == std::end(kDates)) add(effect, value);
      }
    }
  }
  return measures;
}

/// Elements of a list of the document, by what `read` makes of each: subject and what is said.
template <class Read>
std::vector<Statement> statements(const std::vector<ReportInput>& reports, const char* list, Read read) {
  std::vector<Statement> all;
  std::map<std::string, std::size_t> places;
  for (std::size_t r = 0; r < reports.size(); ++r) {
    FaultList told;
    const Json* const elements = find_value(reports[r].document, list, told);
    if (elements == nullptr || !elements->is_array()) continue;
    for (const Json& element : *elements) {
      if (!element.is_object()) continue;
      const auto [subject, text] = read(element);
      const auto [place, is_new] = places.emplace(subject, all.size());
      if (is_new) {
        all.push_back({printable(subject), {}});
        all.back().of_reports.resize(reports.size());
      }
      std::optional<std::string>& said = all[place->second].of_reports[r];
      said = said ? *said + "; " + printable(text) : printable(text);
    }
  }
  return all;
}

std::string text_of(const Json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || member->is_null()) return "";
  return member->is_string() ? member->get<std::string>() : member->dump();
}

bool differs(const Statement& statement) {
  return std::any_of(statement.of_reports.begin(), statement.of_reports.end(),
                     [&](const auto& said) { return said != statement.of_reports.front(); });
}

std::vector<Statement> assumptions_of(const std::vector<ReportInput>& reports) {
  std::vector<Statement> all = statements(reports, "/assumptions", [](const Json& element) {
    return std::pair(text_of(element, "subject"),
                     fmt::format("{} ({}: {})", text_of(element, "value"), text_of(element, "evidence"),
                                 text_of(element, "source")));
  });
  std::erase_if(all, [](const Statement& statement) { return !differs(statement); });
  return all;
}

std::vector<Statement> validity_of(const std::vector<ReportInput>& reports) {
  return statements(reports, "/validity", [](const Json& element) {
    const auto limit = [&](const char* key) {
      const std::string text = text_of(element, key);
      return text.empty() ? std::string("none") : text;
    };
    return std::pair(text_of(element, "subject"),
                     fmt::format("{} times, at worst {}; made for {} to {}", text_of(element, "count"), limit("worst"),
                                 limit("minimum"), limit("maximum")));
  });
}

/// Files that bear one name and hold different things: traces, weather. The first is the scenario itself.
std::vector<std::string> changed_inputs(const std::vector<ReportInput>& reports) {
  std::map<std::string, std::string> hashes;
  std::vector<std::string> changed;
  for (const ReportInput& report : reports) {
    FaultList told;
    const Json* const inputs = find_value(report.document, "/provenance/inputs", told);
    if (inputs == nullptr || !inputs->is_array()) continue;
    for (std::size_t i = 1; i < inputs->size(); ++i) {
      if (!(*inputs)[i].is_object()) continue;
      const std::string path = text_of((*inputs)[i], "path"), hash = text_of((*inputs)[i], "sha256");
      const auto [place, is_new] = hashes.emplace(path, hash);
      if (is_new || place->second == hash) continue;
      if (std::find(changed.begin(), changed.end(), path) == changed.end()) changed.push_back(path);
    }
  }
  return changed;
}

/// Where batteries end with more or less than they began with, what is bought is not what is used.
void warn_of_stores(const ReportInput& report, std::vector<std::string>& warnings) {
  FaultList told;
  const auto number = [&](const char* pointer) { return find_number(report.document, pointer, told).value_or(0.0); };
  const bool is_run = report.kind == ReportKind::run;
  const double used = number(is_run ? "/power/facility_energy_j" : "/summary/facility_energy_j");
  const double bought = is_run ? used + number("/power/sources/stored_j") : number("/summary/grid_energy_j");
  const double more = bought > 0.0 ? bought - used : 0.0;  // an older report of a year says nothing of the grid
  if (std::abs(more) <= kStoresChange * used) return;
  warnings.push_back(fmt::format(
      "{}: its batteries end with {} {} than they began with, {} of its energy: cost and carbon are {} by that",
      report.name, shown(std::abs(more), Unit::joules), more < 0.0 ? "less" : "more",
      shown(std::abs(more) / used, Unit::share), more < 0.0 ? "lower" : "higher"));
}

std::vector<std::string> warnings_of(const std::vector<ReportInput>& reports, const Comparison& comparison) {
  std::vector<std::string> warnings;
  const auto& all = comparison.reports;
  const auto differ = [&](auto member) {
    return std::any_of(all.begin(), all.end(),
                       [&](const ComparedReport& report) { return member(report) != member(all.front()); });
  };
  const bool factory = concerns(comparison.settings, Part::factory) || concerns(comparison.settings, Part::site);
  if (concerns(comparison.settings, Part::traffic) && factory) {
    std::string places;
    std::size_t told = 0, count = 0;
    for (const SettingDifference& setting : comparison.settings) {
      if (setting.part != Part::traffic) continue;
      ++count;
      if (told >= 4) continue;
      places += (told++ > 0 ? ", " : "") + printable(setting.pointer);
    }
    if (count > told) places += fmt::format(" and {} more", count - told);
    warnings.push_back("Traffic differs as well as the facility: what follows from which is not told apart (" + places +
                       ")");
  }
  for (const std::string& path : changed_inputs(reports)) {
    warnings.push_back(printable(path) + " did not hold the same in all: traffic or weather may differ");
  }
  if (differ([](const ComparedReport& r) { return r.kind; })) {
    warnings.emplace_back("Runs and years are compared: totals and means are of different spans of time");
  } else {
    std::optional<double> shortest, longest;
    for (const ComparedReport& report : all) {
      if (!report.length_s) continue;
      shortest = std::min(shortest.value_or(*report.length_s), *report.length_s);
      longest = std::max(longest.value_or(*report.length_s), *report.length_s);
    }
    if (shortest && *longest - *shortest > kLengthsDiffer * *longest) {
      warnings.push_back(fmt::format("Runs lasted {} to {}: totals are of different spans of time",
                                     shown(shortest, Unit::seconds), shown(longest, Unit::seconds)));
    }
  }
  if (differ([](const ComparedReport& r) { return r.version; }) ||
      differ([](const ComparedReport& r) { return r.git_revision; })) {
    warnings.emplace_back("The reports were made by different versions of the program");
  }
  for (const ComparedReport& report : all) {
    if (report.outcome == "interrupted") warnings.push_back(report.name + ": the run was interrupted");
  }
  for (const ReportInput& report : reports) {
    warn_of_stores(report, warnings);
    if (!report.series_note.empty()) warnings.push_back(report.name + ": " + printable(report.series_note));
  }
  if (warnings.size() > kMostTold) {
    const std::size_t more = warnings.size() - kMostTold;
    warnings.resize(kMostTold);
    warnings.push_back(fmt::format("and {} more", more));
  }
  return warnings;
}

}  // namespace

bool Row::is_absent() const {
  return std::none_of(values.begin(), values.end(), [](const auto& value) { return value.has_value(); });
}

bool Row::is_same() const {
  return std::all_of(values.begin(), values.end(), [&](const auto& value) {
    return value.has_value() == values.front().has_value() && (!value || alike(*value, *values.front()));
  });
}

bool Row::is_zero() const {
  return std::all_of(values.begin(), values.end(), [](const auto& value) { return !value || *value == 0.0; });
}

Comparison compare(const std::vector<ReportInput>& reports) {
  Comparison comparison;
  std::vector<const Json*> scenarios;
  for (const ReportInput& report : reports) {
    comparison.reports.push_back(describe(report));
    scenarios.push_back(&report.document.at("scenario"));
  }
  comparison.settings = scenario_differences(scenarios);
  Rows rows(reports.size());
  const std::vector<std::vector<Measure>> incidents = incident_measures(reports);
  for (std::size_t r = 0; r < reports.size(); ++r) {
    std::vector<Measure> measures = reports[r].measures;
    measures.insert(measures.end(), incidents[r].begin(), incidents[r].end());
    rows.add(r, measures);
  }
  comparison.rows = rows.take();
  comparison.assumptions = assumptions_of(reports);
  comparison.validity = validity_of(reports);
  comparison.warnings = warnings_of(reports, comparison);
  return comparison;
}

}  // namespace tokenworks::compare
