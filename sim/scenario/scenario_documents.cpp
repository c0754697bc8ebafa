#include "sim/scenario/scenario_documents.hpp"

#include "sim/scenario/field_reference.hpp"
#include "sim/scenario/field_schema.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

Json scenario_schema(const Catalog& catalog) {
  ScenarioSpec spec;
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Tokenworks scenario"}};
  schema.update(schema_of_fields([&](FieldVisitor& v) { spec.visit(v); },
                                 [&](std::string_view section) { return catalog.ids(section); }));
  return schema;
}

std::string parameter_reference() {
  ScenarioSpec spec;
  return "# Parameters of a scenario\n\n"
         "Written by `tokenworks list parameters`. Keys name their units; shares are 0 to 1. A default whose source is "
         "an\n"
         "estimate or is remembered is listed in the report's `assumptions` when it acts.\n" +
         reference_of_fields([&](FieldVisitor& v) { spec.visit(v); }, "The scenario");
}

}  // namespace tokenworks::scenario
