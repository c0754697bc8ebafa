#include "sim/report/schema_words.hpp"
#include "tools/compare/comparison_json.hpp"

namespace tokenworks::compare {
namespace {

using namespace report::schema;

Json topic_names() {
  Json names = Json::array();
  for (int t = 0; t < kTopics; ++t) names.push_back(topic_name(static_cast<Topic>(t)));
  return names;
}

}  // namespace

Json comparison_schema() {
  const Json report = object({{"name", text("as it is called in this comparison")},
                              {"path", text("of the document; empty where it has not been a file")},
                              {"kind", one_of({"run", "year"})},
                              {"scenario", text("its name")},
                              {"version", text_or_null()},
                              {"git_revision", text_or_null()},
                              {"outcome", text_or_null()},
                              {"length_s", number_or_null("simulated")},
                              {"power", text_or_null("kind of factory.power")},
                              {"redundancy", text_or_null()},
                              {"cooling", text_or_null("kind of factory.cooling")},
                              {"heat_rejection", text_or_null()}});
  const Json values = list(of_type({"number", "null", "string"},
                                   "null: the report does not have it; \"never\": a date "
                                   "that did not come"),
                           "by report");
  const Json differences = list(number_or_null(), "to the first report; null for itself");
  const Json row = object({{"id", text("the same in every comparison")},
                           {"label", text()},
                           {"section", text_or_null("of incidents: which one")},
                           {"unit", text("1 for counts, shares and ratios")},
                           {"better", one_of({"neither", "higher", "lower"})},
                           {"values", values},
                           {"differences", differences},
                           {"shares", list(number_or_null(), "the same, of the first report's value")},
                           {"best", list(flag(), "where one sense is better and not all are as good to 0.01 %")}});
  const Json statement =
      object({{"subject", text()}, {"of_reports", list(text_or_null("null: not said"), "by report")}});
  const Json setting = object({{"pointer", text("JSON Pointer in the resolved scenario")},
                               {"part", one_of({"traffic", "factory", "site", "incidents", "other"})},
                               {"values", list(Json::object(), "by report; null: it has no such value")}});
  return document(kComparisonFormat,
                  object({{"format", constant(kComparisonFormat)},
                          {"provenance", object({{"program", text()}, {"version", text()}, {"git_revision", text()}})},
                          {"reports", list(report)},
                          {"warnings", list(text(), "why figures may not be comparable")},
                          {"same_traffic", flag("workloads, services, seed, clock and traffic are alike")},
                          {"same_factory", flag()},
                          {"same_site", flag()},
                          {"settings", list(setting, "what differs between the scenarios")},
                          {"topics", list(object({{"topic", one_of(topic_names())}, {"rows", list(row)}}))},
                          {"assumptions", list(statement, "that not all reports share")},
                          {"validity", list(statement, "models that were used outside their range")}}));
}

}  // namespace tokenworks::compare
