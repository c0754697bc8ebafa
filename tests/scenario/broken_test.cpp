// Files with faults in them, and the faults that each must produce: broken/expected.json. Kinds that no file in the
// repository can show (a file that is not there, one that is too large, the command line) are shown here.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/scenario/json_text.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "tests/catch.hpp"

using namespace tokenworks::scenario;

namespace {

const std::string kFolder = TOKENWORKS_SOURCE_DIR "/tests/scenario/broken/";

Json expected_faults() {
  FaultList faults;
  const auto text = read_text(kFolder + "expected.json", faults);
  REQUIRE(text.has_value());
  const auto table = parse_json(*text, faults);
  REQUIRE(table.has_value());
  return *table;
}

std::vector<std::string> described(const FaultList& faults) {
  std::vector<std::string> list;
  for (const Fault& fault : faults.kept()) list.push_back(std::string(fault_id(fault.kind)) + " " + fault.pointer);
  return list;
}

}  // namespace

TEST_CASE("broken scenarios: each produces its faults and no others, in the order of the document", "[scenario]") {
  const Json table = expected_faults();
  CHECK(table.size() >= 40);
  for (auto file = table.begin(); file != table.end(); ++file) {
    CAPTURE(file.key());
    const ReadOutcome outcome = read_scenario(kFolder + file.key());
    CAPTURE(outcome.faults.text(file.key()));
    CHECK(described(outcome.faults) == file->get<std::vector<std::string>>());
    for (const Fault& fault : outcome.faults.kept()) {
      CHECK_FALSE(fault.message.empty());
      CHECK((fault.line > 0) == (fault.kind == FaultKind::syntax || fault.kind == FaultKind::duplicate_key ||
                                 fault.kind == FaultKind::too_deep ||
                                 (fault.kind == FaultKind::out_of_range && fault.pointer.empty())));
    }
  }
}

TEST_CASE("broken scenarios: every file of the folder is in the table", "[scenario]") {
  const Json table = expected_faults();
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = file.path().filename().string();
    CAPTURE(name);
    CHECK((name == "expected.json" || table.contains(name)));
  }
}

TEST_CASE("broken scenarios: every kind of fault occurs", "[scenario]") {
  std::set<std::string> shown_ids;
  const Json table = expected_faults();
  for (const Json& list : table) {
    for (const Json& fault : list) {
      const std::string text = fault.get<std::string>();
      shown_ids.insert(text.substr(0, text.find(' ')));
    }
  }
  const auto note = [&](const ReadOutcome& outcome) {
    REQUIRE(outcome.faults.total() == 1);
    shown_ids.emplace(fault_id(outcome.faults.kept().front().kind));
  };
  note(read_scenario(kFolder + "no_such_file.json"));
  CHECK(shown_ids.contains("cannot_read"));

  const std::string huge = TOKENWORKS_BINARY_DIR "/hundred_megabytes_of_nonsense.json";
  {
    std::ofstream file(huge, std::ios::binary);
    const std::string piece(1'000'000, '[');
    for (int i = 0; i < 100; ++i) file << piece;
  }
  note(read_scenario(huge));
  std::remove(huge.c_str());
  CHECK(shown_ids.contains("too_large"));

  note(read_scenario(TOKENWORKS_SOURCE_DIR "/scenarios/quickstart.json", {{"services/0/replicas", "1"}}));
  CHECK(shown_ids.contains("bad_override"));

  for (const FaultId& kind : fault_ids()) {
    CAPTURE(kind.id);
    CHECK(shown_ids.contains(std::string(kind.id)));
  }
}

TEST_CASE("broken scenarios: a hundred thousand faults are answered at once", "[scenario]") {
  std::string keys = "{\"x\": 1", list = "{\"services\": [1", entries = "{\"catalog\": {\"gpus\": {\"x\": {}";
  for (int i = 0; i < 100'000; ++i) {
    const std::string number = std::to_string(i);
    keys += ", \"key" + number + "\": 1";
    list += ", {}";
    entries += ", \"gpu" + number + "\": {}";
  }
  for (const std::string& text : {keys + "}", list + "]}", entries + "}}}"}) {
    const ReadOutcome outcome = read_scenario_text(text, "nonsense", "/");
    CHECK(outcome.faults.total() > FaultList::kKept);
    CHECK(outcome.faults.kept().size() == FaultList::kKept);
  }
}

TEST_CASE("broken scenarios: the nearest name is offered", "[scenario]") {
  const auto nearest = [](const std::string& file) {
    return read_scenario(kFolder + file).faults.kept().front().nearest;
  };
  CHECK(nearest("unknown_key_at_the_top.json") == "seed");
  CHECK(nearest("unknown_rack_kind.json") == "dgx_h100");
  CHECK(nearest("unknown_model.json") == "llama_3_1_8b");
  CHECK(nearest("unknown_kind_of_cooling.json") == "air_crah");
  CHECK(nearest("unknown_service.json") == "chat");
  CHECK(nearest("own_rack_with_an_unknown_gpu.json") == "h100_sxm5");
}

TEST_CASE("a model that does not fit: the message says how much is missing on each GPU", "[scenario]") {
  // Llama 3.1 70B has 70.55e9 parameters: 141.1 GB in bf16. vLLM may use 0.9 of the 80 GiB.
  const std::string text = read_scenario(kFolder + "model_that_does_not_fit.json").faults.text("f");
  CAPTURE(text);
  CHECK(text.find("takes 141.1 GB of weights on each GPU of 85.9 GB") != std::string::npos);
  CHECK(text.find("GB are missing on each GPU") != std::string::npos);
}
