// Question   which figures of a report are compared, and which of two values is better
// Equation   figures as the report has them; sums over services; ratios of them; room for more racks (below)
// Source     formats tokenworks.report/1 and tokenworks.year/1
// Valid for  reports of this program; what an older report lacks is absent
// Checked by tests/tools/compare/measures_test.cpp
//
// Room for more: with what is spare taken off a stage (half of two sides, one unit of n_plus_1, one block of blocks),
// what is left carries so much IT: the UPS less the busway's loss, transformers and generators at the facility power
// per IT power of the run's peak, the plant its rated heat (chillers where a loop has them, else its towers, coolers or
// outside air). Stages of a standard chain carry the nameplate at least: they are sized for it. Over the nameplate of
// the racks, and over the highest IT power of the run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/scenario/fault.hpp"
#include "sim/scenario/json_text.hpp"
#include "tools/compare/quantity.hpp"
#include "tools/compare/series_file.hpp"

namespace tokenworks::compare {

enum class ReportKind { run, year };
enum class Better { neither, higher, lower };
std::string_view better_name(Better better);

enum class Topic { work, power, cooling, water, carbon, cost, efficiency, expansion, incidents };
inline constexpr int kTopics = 9;
std::string_view topic_name(Topic topic);
std::string_view topic_title(Topic topic);

/// One figure of one report.
struct Measure {
  Topic topic = Topic::work;
  std::string id;  ///< unique in a report, the same in all; ends in its unit
  std::string label;
  Unit unit = Unit::number;
  Better better = Better::neither;
  std::optional<double> value;  ///< infinite: a date that did not come
  std::string section{};        ///< a heading of its own within the topic: an incident
};

/// Of a document of this kind, in the order of the topics. Values of a wrong type are faults with their pointers.
std::vector<Measure> measures_of(ReportKind kind, const scenario::Json& document, const SeriesFile* series,
                                 scenario::FaultList& faults);

/// The value at a pointer without escapes ("/power/pue"); null where it or something on the way is absent or null. What
/// is on the way and no object is a fault.
const scenario::Json* find_value(const scenario::Json& document, std::string_view pointer, scenario::FaultList& faults);
/// The same as a number; another type is a fault.
std::optional<double> find_number(const scenario::Json& document, std::string_view pointer,
                                  scenario::FaultList& faults);
std::string find_text(const scenario::Json& document, std::string_view pointer, scenario::FaultList& faults);

/// Tokens that all services generated over the whole run, and requests that arrived and did not complete.
double output_tokens_of(const scenario::Json& report, scenario::FaultList& faults);
double not_completed_of(const scenario::Json& report, scenario::FaultList& faults);

}  // namespace tokenworks::compare
