#include "sim/report/timeline_file.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using namespace tokenworks::report;
using metrics::ReplicaState;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr Picoseconds kMicrosecond = 1'000'000;

/// The events of a timeline that `tell` tells; a service "chat" has been added.
template <class Tell>
json events_of(const TimelineWindow& window, Picoseconds end, Tell tell) {
  const TemporaryFolder home;
  TimelineFile file(home.path() / "t.json", window);
  CHECK(file.add_service("chat") == 0);
  tell(file);
  CHECK_FALSE(fs::exists(home.path() / "t.json"));
  file.finish(end);
  return json::parse(content_of(home.path() / "t.json")).at("traceEvents");
}

json without_names(const json& events) {
  json rest = json::array();
  for (const json& event : events) {
    if (event["ph"] != "M") rest.push_back(event);
  }
  return rest;
}

}  // namespace

TEST_CASE("timeline file: nothing told is an empty list", "[sim][report]") {
  CHECK(events_of({}, 0, [](TimelineFile&) {}) == json::array());
}

TEST_CASE("timeline file: steps, with names of their tracks before them", "[sim][report]") {
  const json events = events_of({}, 0, [](TimelineFile& file) {
    file.on_prompt_step(
        {0, 2},
        {.start = 1'234'567, .end = 3 * kMicrosecond, .prompt_tokens = 100, .chunks = 2, .decodes = 0, .kv_blocks = 7});
    file.on_decode_run(
        {0, 2},
        {.start = 3 * kMicrosecond, .end = 5 * kMicrosecond + 499, .steps = 4, .sequences = 2, .context_tokens = 300});
    file.on_prompt_step({0, 2}, {.start = 5 * kMicrosecond + 499,
                                 .end = 6 * kMicrosecond,
                                 .prompt_tokens = 8,
                                 .chunks = 1,
                                 .decodes = 2,
                                 .kv_blocks = 9,
                                 .cut = true});
  });
  CHECK(events == json::parse(R"([
    {"ph":"M","name":"process_name","pid":2,"args":{"name":"chat"}},
    {"ph":"M","name":"process_sort_index","pid":2,"args":{"sort_index":2}},
    {"ph":"M","name":"thread_name","pid":2,"tid":3,"args":{"name":"replica 2"}},
    {"ph":"M","name":"thread_sort_index","pid":2,"tid":3,"args":{"sort_index":2}},
    {"ph":"X","name":"prompt","pid":2,"tid":3,"ts":1.235,"dur":1.765,
     "args":{"prompt_tokens":100,"chunks":2,"decodes":0,"kv_blocks":7}},
    {"ph":"X","name":"decode","pid":2,"tid":3,"ts":3.0,"dur":2.0,
     "args":{"steps":4,"sequences":2,"context_tokens":300}},
    {"ph":"X","name":"prompt + decode","pid":2,"tid":3,"ts":5.0,"dur":1.0,
     "args":{"prompt_tokens":8,"chunks":1,"decodes":2,"kv_blocks":9,"cut":true}}])"));
}

TEST_CASE("timeline file: states are periods, the last one up to the end of the run", "[sim][report]") {
  const json events = without_names(events_of({}, 9 * kMicrosecond, [](TimelineFile& file) {
    file.on_replica_state({0, 0}, ReplicaState::down, 1 * kMicrosecond);
    file.on_replica_state({0, 0}, ReplicaState::loading, 3 * kMicrosecond);
    file.on_replica_state({0, 0}, ReplicaState::in_service, 4 * kMicrosecond);
    file.on_replica_state({0, 0}, ReplicaState::down, 8 * kMicrosecond);
    file.on_replica_state({0, 1}, ReplicaState::down, 9 * kMicrosecond);  // lasts no time
  }));
  CHECK(events == json::parse(R"([
    {"ph":"X","name":"down","pid":2,"tid":1,"ts":1.0,"dur":2.0},
    {"ph":"X","name":"loading weights","pid":2,"tid":1,"ts":3.0,"dur":1.0},
    {"ph":"X","name":"down","pid":2,"tid":1,"ts":8.0,"dur":1.0}])"));
}

TEST_CASE("timeline file: counters are told when they change", "[sim][report]") {
  const json events = without_names(events_of({}, 0, [](TimelineFile& file) {
    file.on_levels({0, 0}, {.waiting = 0, .running = 1, .kv_blocks = 5, .kv_pool_blocks = 20}, 0);
    file.on_levels({0, 0}, {.waiting = 0, .running = 1, .kv_blocks = 5, .kv_pool_blocks = 20}, kMicrosecond);
    file.on_levels({0, 0}, {.waiting = 0, .running = 1, .kv_blocks = 10, .kv_pool_blocks = 20}, 2 * kMicrosecond);
    file.on_levels({0, 0}, {.waiting = 3, .running = 1, .kv_blocks = 10, .kv_pool_blocks = 20}, 3 * kMicrosecond);
  }));
  CHECK(events == json::parse(R"([
    {"ph":"C","name":"replica 0 requests","pid":2,"ts":0.0,"args":{"waiting":0,"running":1}},
    {"ph":"C","name":"replica 0 KV cache","pid":2,"ts":0.0,"args":{"share":0.25}},
    {"ph":"C","name":"replica 0 KV cache","pid":2,"ts":2.0,"args":{"share":0.5}},
    {"ph":"C","name":"replica 0 requests","pid":2,"ts":3.0,"args":{"waiting":3,"running":1}}])"));
}

TEST_CASE("timeline file: instants of replicas and of the factory", "[sim][report]") {
  const json events = events_of({}, 0, [](TimelineFile& file) {
    file.on_incident("node_failure", "row \"a\"/1", true, 0);
    file.on_preempted({0, 0}, 48, kMicrosecond);
    file.on_incident("node_failure", "row \"a\"/1", false, 2 * kMicrosecond);
  });
  CHECK(events[0] == json::parse(R"({"ph":"M","name":"process_name","pid":1,"args":{"name":"factory"}})"));
  CHECK(without_names(events) == json::parse(R"([
    {"ph":"i","s":"g","name":"node_failure row \"a\"/1","pid":1,"tid":1,"ts":0.0},
    {"ph":"i","s":"t","name":"preempted","pid":2,"tid":1,"ts":1.0,"args":{"held_tokens":48}},
    {"ph":"i","s":"g","name":"node_failure row \"a\"/1 over","pid":1,"tid":1,"ts":2.0}])"));
}

TEST_CASE("timeline file: a request is one span up to its first token and one after", "[sim][report]") {
  const json events = without_names(events_of({}, 0, [](TimelineFile& file) {
    RequestRow row{.service = "chat",
                   .service_class = "gold",
                   .tenant = "acme",
                   .arrival = 0,
                   .first_token = kMicrosecond,
                   .end = 3 * kMicrosecond,
                   .input_tokens = 10,
                   .output_tokens = 2,
                   .generated_tokens = 2,
                   .outcome = "completed",
                   .replica = 1};
    file.add_request(row);
    row.first_token = -1;
    row.generated_tokens = 0;
    row.outcome = "rejected";
    row.reason = "queue_full";
    row.replica = -1;
    row.session = 4;
    file.add_request(row);
  }));
  CHECK(events == json::parse(R"([
    {"ph":"b","cat":"request","id":"0x1","name":"until first token","pid":2,"ts":0.0,
     "args":{"class":"gold","tenant":"acme","input_tokens":10,"output_tokens":2}},
    {"ph":"e","cat":"request","id":"0x1","name":"until first token","pid":2,"ts":1.0},
    {"ph":"b","cat":"request","id":"0x1","name":"answer","pid":2,"ts":1.0},
    {"ph":"e","cat":"request","id":"0x1","name":"answer","pid":2,"ts":3.0,
     "args":{"outcome":"completed","generated_tokens":2,"preemptions":0,"replica":1}},
    {"ph":"b","cat":"request","id":"0x2","name":"until first token","pid":2,"ts":0.0,
     "args":{"class":"gold","tenant":"acme","input_tokens":10,"output_tokens":2,"session":4}},
    {"ph":"e","cat":"request","id":"0x2","name":"until first token","pid":2,"ts":3.0,
     "args":{"outcome":"rejected:queue_full","generated_tokens":0,"preemptions":0}}])"));
}

TEST_CASE("timeline file: a window holds what touches it", "[sim][report]") {
  const TimelineWindow window{.from = 2 * kMicrosecond, .to = 4 * kMicrosecond};
  const json events = without_names(events_of(window, 9 * kMicrosecond, [](TimelineFile& file) {
    for (int start = 0; start < 8; start += 3) {  // 0..1, 3..4, 6..7
      const Picoseconds at = start * kMicrosecond;
      file.on_decode_run({0, 0}, {.start = at, .end = at + kMicrosecond, .steps = 1, .sequences = 1});
      file.on_preempted({0, 0}, 1, at);
      file.on_incident("link_failure", "", true, at);
      file.on_levels({0, 0}, {.waiting = 0, .running = 1, .kv_blocks = 1, .kv_pool_blocks = 4}, at);
    }
    file.on_replica_state({0, 1}, ReplicaState::down, 0);
  }));
  std::string phases;
  for (const json& event : events) phases += event["ph"].get<std::string>();
  CHECK(phases == "XiiCCX");
  CHECK(events.back()["dur"] == 9.0);  // the whole period
}

TEST_CASE("timeline file: names that are not UTF-8 still give valid JSON", "[sim][report]") {
  const json events = events_of({}, 0, [](TimelineFile& file) {
    const std::int32_t number = file.add_service("caf\xe9");
    file.on_preempted({number, 0}, 1, 0);
  });
  CHECK(events.size() == 5);
}
