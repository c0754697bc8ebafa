// An option of a policy with settings as a scenario has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/core/fields.hpp"
#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/json_text.hpp"
#include "tests/catch.hpp"

namespace tokenworks::tests {

template <class T>
Choice<T> read_option(const Options<T>& options, std::string_view kind, const std::string& settings = "{}") {
  Choice<T> choice(options, kind);
  scenario::FaultList faults;
  std::vector<Assumption> assumptions;
  const auto json = scenario::parse_json(settings, faults);
  REQUIRE(json.has_value());
  scenario::read_struct(*json, *choice, {}, faults, assumptions);
  INFO(faults.text("settings"));
  REQUIRE(faults.empty());
  return choice;
}

}  // namespace tokenworks::tests
