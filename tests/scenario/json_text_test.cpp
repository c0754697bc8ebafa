#include "sim/scenario/json_text.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include "tests/catch.hpp"
#include "tests/scenario/property.hpp"

using namespace tokenworks::scenario;

namespace {

/// The one fault that `text` has.
Fault fault_of(const std::string& text) {
  FaultList faults;
  const auto value = parse_json(text, faults);
  CAPTURE(text.substr(0, 100));
  REQUIRE_FALSE(value.has_value());
  REQUIRE(faults.total() == 1);
  return faults.kept().front();
}

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

}  // namespace

TEST_CASE("JSON text: a document keeps its values and the order of its keys", "[scenario]") {
  FaultList faults;
  const auto value = parse_json(R"({"b": [1, -2, 3.5, true, null, "x\u00e9"], "a": {"c": {}}})", faults);
  REQUIRE(value.has_value());
  CHECK(faults.empty());
  CHECK(value->dump() == "{\"b\":[1,-2,3.5,true,null,\"x\xc3\xa9\"],\"a\":{\"c\":{}}}");
}

TEST_CASE("JSON text: what the library lets pass is a fault with its place", "[scenario]") {
  SECTION("a key that stands twice, at the second one") {
    const Fault fault = fault_of("{\n  \"a\": 1,\n  \"a\": 2\n}");
    CHECK(fault.kind == FaultKind::duplicate_key);
    CHECK(fault.line == 3);
    CHECK(fault.column == 3);
  }
  SECTION("a duplicate hidden behind an escape") {
    const Fault fault = fault_of("{\"a\\\"\": 1, \"\\u0061\\\"\": 2}");
    CHECK(fault.kind == FaultKind::duplicate_key);
    CHECK(fault.line == 1);
    CHECK(fault.column == 12);
  }
  SECTION("65 levels of nesting; 64 are allowed") {
    CHECK(fault_of(nested(65)).kind == FaultKind::too_deep);
    FaultList faults;
    CHECK(parse_json(nested(64), faults).has_value());
  }
  SECTION("ten million open brackets") { CHECK(fault_of(std::string(10'000'000, '[')).kind == FaultKind::too_deep); }
  SECTION("a number that no double holds") {
    const Fault fault = fault_of("[1,\n 1e999]");
    CHECK(fault.kind == FaultKind::out_of_range);
    CHECK(fault.line == 2);
  }
  SECTION("not a number, infinity, comments, something behind the value, nothing at all") {
    for (const char* text :
         {"[NaN]", "[Infinity]", "[-Infinity]", "{} // x", "{} {}", "{},", "", " ", "{\"a\":1,}", "[1 2]", "{'a': 1}",
          "{a: 1}", "[01]", "[1.]", "[+1]", "\"\t\"", "[tru]", "{\"a\"}", "nul"}) {
      CAPTURE(text);
      CHECK(fault_of(text).kind == FaultKind::syntax);
    }
  }
  SECTION("broken UTF-8 and lone surrogates") {
    for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\\ud800\"", "\xff\xfe{"}) {
      CHECK(fault_of(text).kind == FaultKind::syntax);
    }
  }
  SECTION("the place of a broken value") {
    const Fault fault = fault_of("{\n  \"seed\": 7,\n  \"x\": nope\n}");
    CHECK(fault.line == 3);
    CHECK(fault.column >= 8);
    CHECK(fault.column <= 10);
  }
  SECTION("two million and one values") {
    std::string text = "[0";
    for (std::size_t i = 0; i < kMostValues; ++i) text += ",0";
    CHECK(fault_of(text + "]").kind == FaultKind::too_large);
  }
  SECTION("a long nonsense token makes a short message") {
    CHECK(fault_of("[" + std::string(1'000'000, 'x')).message.size() < 300);
    CHECK(fault_of("[\"" + std::string(1'000'000, 'x')).message.size() < 300);
  }
}

TEST_CASE("JSON text: files above 64 MiB, folders and absent files are refused", "[scenario]") {
  FaultList faults;
  CHECK_FALSE(read_text("/nonexistent/file.json", faults).has_value());
  CHECK_FALSE(read_text("/tmp", faults).has_value());
  REQUIRE(faults.total() == 2);
  CHECK(faults.kept()[0].kind == FaultKind::cannot_read);
  CHECK(faults.kept()[1].kind == FaultKind::cannot_read);

  const std::string path = "/tmp/tokenworks_json_text_test.json";
  std::ofstream(path) << std::string(1001, ' ');
  CHECK_FALSE(read_text(path, faults, {}, 1000).has_value());
  CHECK(faults.kept().back().kind == FaultKind::too_large);
  CHECK(read_text(path, faults, {}, 1001).has_value());
  std::remove(path.c_str());
  CHECK_FALSE(read_text("/dev/zero", faults).has_value());  // endless
  CHECK(faults.kept().back().kind == FaultKind::too_large);
}

TEST_CASE("JSON text: what is written reads back as the same value", "[scenario][law]") {
  REQUIRE(holds("numbers", [](double value) {
    if (!std::isfinite(value)) return;
    FaultList faults;
    const auto read = parse_json(json_text(Json{{"x", value}}), faults);
    RC_ASSERT(read.has_value());
    RC_ASSERT((*read)["x"].get<double>() == value);
  }));
  REQUIRE(holds("random bytes never crash", [](const std::string& text) {
    FaultList faults;
    const auto read = parse_json(text, faults);
    RC_ASSERT(read.has_value() == faults.empty());
  }));
}

TEST_CASE("rounding to 15 digits: settles at once and changes at most the last digits", "[scenario][law]") {
  CHECK(rounded_to_15_digits(0.1 + 0.2) == 0.3);
  CHECK(rounded_to_15_digits(25.0) == 25.0);
  CHECK(rounded_to_15_digits(-0.0) == 0.0);
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(8192) == "8192");
  REQUIRE(holds("a second rounding changes nothing", [](double value) {
    if (!std::isfinite(value)) return;
    const double once = rounded_to_15_digits(value);
    RC_ASSERT(rounded_to_15_digits(once) == once);
    RC_ASSERT(std::abs(once - value) <= std::abs(value) * 1e-14 || std::abs(value) < 1e-300);
  }));
}
