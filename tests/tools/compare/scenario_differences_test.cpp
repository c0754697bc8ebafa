#include "tools/compare/scenario_differences.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace tokenworks::compare {
namespace {

using scenario::Json;

std::vector<SettingDifference> differences(const std::vector<Json>& scenarios) {
  std::vector<const Json*> pointers;
  for (const Json& one : scenarios) pointers.push_back(&one);
  return scenario_differences(pointers);
}

Json random_json(int depth) {
  const int kind = *rc::gen::inRange(0, depth > 0 ? 5 : 3);
  if (kind == 0) return *rc::gen::inRange(0, 3);
  if (kind == 1) return *rc::gen::element<std::string>("x", "y~/");
  if (kind == 2) return *rc::gen::arbitrary<bool>();
  Json json = kind == 3 ? Json::object() : Json::array();
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    if (kind == 3) {
      json[*rc::gen::element<std::string>("kind", "name", "a/b", "c~")] = random_json(depth - 1);
    } else {
      json.push_back(random_json(depth - 1));
    }
  }
  return json;
}

TEST_CASE("scenario differences: a scenario differs from itself in nothing", "[compare]") {
  rc::check([] {
    const Json one = random_json(4);
    RC_ASSERT(differences({one, one, one}).empty());
  });
}

TEST_CASE("scenario differences: every pointer leads to the values that are told, and these differ", "[compare]") {
  rc::check([] {
    const std::vector<Json> both = {random_json(4), random_json(4)};
    for (const SettingDifference& difference : differences(both)) {
      if (difference.pointer == "/") continue;
      RC_ASSERT(difference.values[0] != difference.values[1]);
      for (std::size_t i = 0; i < 2; ++i) {
        const Json::json_pointer pointer(difference.pointer);
        RC_ASSERT(both[i].contains(pointer) == difference.values[i].has_value());
        if (difference.values[i]) RC_ASSERT(both[i].at(pointer) == *difference.values[i]);
      }
    }
  });
}

TEST_CASE("scenario differences: of parts of different kinds, the kind and what both know", "[compare]") {
  const Json air = {{"name", "a"}, {"factory", {{"cooling", {{"kind", "air"}, {"margin", 1.1}, {"fans", 3}}}}}};
  const Json liquid = {{"name", "b"}, {"factory", {{"cooling", {{"kind", "liquid"}, {"margin", 1.2}, {"pumps", 2}}}}}};
  const auto found = differences({air, liquid});
  REQUIRE(found.size() == 2);
  CHECK(found[0].pointer == "/factory/cooling/kind");
  CHECK(found[0].part == Part::factory);
  CHECK(*found[0].values[1] == "liquid");
  CHECK(found[1].pointer == "/factory/cooling/margin");
}

TEST_CASE("scenario differences: lists of parts by their place, what one lacks is absent", "[compare]") {
  const Json one = {{"workloads", {{{"rate", 1}}}}, {"seed", 7}};
  const Json two = {{"workloads", {{{"rate", 2}}, {{"rate", 3}}}}, {"seed", 7}, {"site", {{"x", 1}}}};
  const auto found = differences({one, two});
  REQUIRE(found.size() == 3);
  CHECK(found[0].pointer == "/workloads/0/rate");
  CHECK(found[1].pointer == "/workloads/1");
  CHECK_FALSE(found[1].values[0].has_value());
  CHECK(found[2].pointer == "/site");
  CHECK(concerns(found, Part::traffic));
  CHECK(concerns(found, Part::site));
  CHECK_FALSE(concerns(found, Part::factory));
}

}  // namespace
}  // namespace tokenworks::compare
