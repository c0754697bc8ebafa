#include "sim/scenario/fault.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace tokenworks::scenario;

TEST_CASE("fault ids: each kind has one, and no two are equal", "[scenario]") {
  std::set<std::string_view> ids;
  for (const FaultId& entry : fault_ids()) {
    CHECK(fault_id(entry.kind) == entry.id);
    CHECK_FALSE(entry.meaning.empty());
    ids.insert(entry.id);
  }
  CHECK(ids.size() == fault_ids().size());
}

TEST_CASE("nearest name: typing errors find the name that was meant", "[scenario]") {
  const std::vector<std::string> names = {"llama_3_1_70b", "llama_3_1_8b", "mixtral_8x7b",
                                          "h100_sxm5",     "h200_sxm5",    "count"};
  CHECK(nearest_name("llama_3_1_70", names) == "llama_3_1_70b");
  CHECK(nearest_name("Llama-3.1-70B", names) == "llama_3_1_70b");
  CHECK(nearest_name("cuont", names) == "count");  // a swap is one error, two replacements would be two
  CHECK(nearest_name("h100", names) == "h100_sxm5");
  CHECK(nearest_name("zebra", names).empty());
  CHECK(nearest_name("", names).empty());
  CHECK(nearest_name(std::string(10'000, 'a'), names).empty());
}

TEST_CASE("fault list: keeps the first faults and counts the rest", "[scenario]") {
  FaultList faults;
  for (int i = 0; i < 1000; ++i) faults.add(FaultKind::unknown_key, "/a", "unknown");
  CHECK(faults.total() == 1000);
  CHECK(faults.kept().size() == FaultList::kKept);
  CHECK(faults.text("f.json").find("and at least 800 more") != std::string::npos);
}

TEST_CASE("fault list: concerns a value and what is inside it, not its neighbours", "[scenario]") {
  FaultList faults;
  faults.add(FaultKind::wrong_type, "/services/1/model", "x");
  CHECK(faults.concern("/services/1"));
  CHECK(faults.concern("/services/1/model"));
  CHECK_FALSE(faults.concern("/services/1/mode"));
  CHECK_FALSE(faults.concern("/services/10"));
  CHECK_FALSE(faults.concern("/services/1/model/x"));
}

TEST_CASE("fault list: a line says file, place, finding and the nearest name", "[scenario]") {
  FaultList faults;
  faults.add(FaultKind::unknown_name, "/services/0/model", "found \"lama\"", "llama");
  CHECK(faults.text("s.json") == "s.json: /services/0/model: found \"lama\" (did you mean \"llama\"?)\n");
}

TEST_CASE("shown text: control characters and broken UTF-8 do not reach the terminal", "[scenario]") {
  CHECK(shown("plain") == "\"plain\"");
  CHECK(shown("\x1b[31mred") == "\"?[31mred\"");
  CHECK(shown("\xff\xc3") == "\"??\"");
  CHECK(shown("\xc3\xa9t\xc3\xa9") == "\"\xc3\xa9t\xc3\xa9\"");
  CHECK(shown("\xc2\x9b") == "\"?\"");
  CHECK(shown(std::string(1000, 'x')).size() < 70);
}

TEST_CASE("pointer step: slashes and tildes are escaped", "[scenario]") { CHECK(pointer_step("a/b~c") == "/a~1b~0c"); }
