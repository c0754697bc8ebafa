#include "sim/report/timeline_file.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace tokenworks::report {
namespace {

using metrics::ReplicaState;
using metrics::WatchedReplica;

constexpr std::int64_t kFactoryProcess = 1;

/// Numbers of processes and threads start above 0, which some readers keep for themselves.
std::int64_t process_of(std::int32_t service) { return kFactoryProcess + 1 + service; }
std::int64_t thread_of(const WatchedReplica& replica) { return std::int64_t{replica.replica} + 1; }

std::int64_t nanoseconds(Picoseconds time) { return (time + 500) / 1000; }

void add_microseconds(std::string& text, std::int64_t ns) {
  fmt::format_to(std::back_inserter(text), "{}.{:03}", ns / 1000, ns % 1000);
}

/// Names come from outside and need not be valid UTF-8; JSON must be.
std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <class... Values>
void add(std::string& text, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Values>(values)...);
}

}  // namespace

bool TimelineFile::takes_name(std::string_view path) { return path.ends_with(".json") || path.ends_with(".json.gz"); }

TimelineFile::TimelineFile(const std::filesystem::path& path, const TimelineWindow& window)
    : file_(path), window_(window) {
  file_.buffer() += "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
}

// ---- Tracks -------------------------------------------------------------------------------------------------------

std::int32_t TimelineFile::add_service(std::string_view name) {
  const auto number = static_cast<std::int32_t>(services_.size());
  services_.emplace_back().name = name;
  numbers_.emplace(name, number);
  return number;
}

TimelineFile::Replica& TimelineFile::replica_of(const WatchedReplica& replica) {
  std::vector<Replica>& replicas = services_[static_cast<std::size_t>(replica.service)].replicas;
  const auto place = static_cast<std::size_t>(replica.replica);
  if (place >= replicas.size()) replicas.resize(place + 1);
  return replicas[place];
}

void TimelineFile::name_process(std::int64_t process, std::string_view name) {
  add(begin_event(), R"("ph":"M","name":"process_name","pid":{},"args":{{"name":{}}})", process, json_text(name));
  end_event();
  add(begin_event(), R"("ph":"M","name":"process_sort_index","pid":{0},"args":{{"sort_index":{0}}})", process);
  end_event();
}

void TimelineFile::name_service(std::int32_t number) {
  Service& service = services_[static_cast<std::size_t>(number)];
  if (service.named) return;
  service.named = true;
  name_process(process_of(number), service.name);
}

void TimelineFile::name_replica(const WatchedReplica& replica) {
  Replica& known = replica_of(replica);
  if (known.named) return;
  known.named = true;
  name_service(replica.service);
  const std::int64_t process = process_of(replica.service), thread = thread_of(replica);
  add(begin_event(), R"("ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":"replica {}"}})", process,
      thread, replica.replica);
  end_event();
  add(begin_event(), R"("ph":"M","name":"thread_sort_index","pid":{},"tid":{},"args":{{"sort_index":{}}})", process,
      thread, replica.replica);
  end_event();
}

// ---- Events -------------------------------------------------------------------------------------------------------

std::string& TimelineFile::begin_event() {
  std::string& text = file_.buffer();
  text += first_event_ ? "\n{" : ",\n{";
  first_event_ = false;
  return text;
}

void TimelineFile::end_event() {
  file_.buffer() += '}';
  file_.written();
}

/// Its args and its end are still to be written.
void TimelineFile::begin_span(const WatchedReplica& replica, std::string_view name, Picoseconds start,
                              Picoseconds end) {
  name_replica(replica);
  std::string& text = begin_event();
  add(text, R"("ph":"X","name":"{}","pid":{},"tid":{},"ts":)", name, process_of(replica.service), thread_of(replica));
  // Neighbours meet: both dates are rounded, and the duration is their difference.
  const std::int64_t from = nanoseconds(start);
  add_microseconds(text, from);
  text += ",\"dur\":";
  add_microseconds(text, nanoseconds(end) - from);
}

void TimelineFile::on_prompt_step(const WatchedReplica& replica, const metrics::PromptStep& step) {
  if (!in_window(step.start, step.end)) return;
  begin_span(replica, step.decodes > 0 ? "prompt + decode" : "prompt", step.start, step.end);
  std::string& text = file_.buffer();
  add(text, R"(,"args":{{"prompt_tokens":{},"chunks":{},"decodes":{},"kv_blocks":{})", step.prompt_tokens, step.chunks,
      step.decodes, step.kv_blocks);
  text += step.cut ? ",\"cut\":true}" : "}";
  end_event();
}

void TimelineFile::on_decode_run(const WatchedReplica& replica, const metrics::DecodeRun& run) {
  if (!in_window(run.start, run.end)) return;
  begin_span(replica, "decode", run.start, run.end);
  std::string& text = file_.buffer();
  add(text, R"(,"args":{{"steps":{},"sequences":{},"context_tokens":{})", run.steps, run.sequences, run.context_tokens);
  text += run.cut ? ",\"cut\":true}" : "}";
  end_event();
}

void TimelineFile::end_state(const WatchedReplica& replica, Picoseconds at) {
  const Replica& known = replica_of(replica);
  if (known.state == ReplicaState::in_service || known.since == at || !in_window(known.since, at)) return;
  begin_span(replica, known.state == ReplicaState::down ? "down" : "loading weights", known.since, at);
  end_event();
}

void TimelineFile::on_replica_state(const WatchedReplica& replica, ReplicaState state, Picoseconds at) {
  end_state(replica, at);
  Replica& known = replica_of(replica);
  known.state = state;
  known.since = at;
}

void TimelineFile::on_preempted(const WatchedReplica& replica, std::int64_t held_tokens, Picoseconds at) {
  if (!in_window(at, at)) return;
  name_replica(replica);
  std::string& text = begin_event();
  add(text, R"("ph":"i","s":"t","name":"preempted","pid":{},"tid":{},"ts":)", process_of(replica.service),
      thread_of(replica));
  add_microseconds(text, nanoseconds(at));
  add(text, R"(,"args":{{"held_tokens":{}}})", held_tokens);
  end_event();
}

void TimelineFile::on_levels(const WatchedReplica& replica, const metrics::ReplicaLevels& levels, Picoseconds at) {
  if (!in_window(at, at)) return;
  Replica& known = replica_of(replica);
  const bool requests_changed = levels.waiting != known.levels.waiting || levels.running != known.levels.running;
  const bool blocks_changed = levels.kv_blocks != known.levels.kv_blocks;
  known.levels = levels;
  if (!requests_changed && !blocks_changed) return;
  name_service(replica.service);
  const auto begin_counter = [&](std::string_view what) -> std::string& {
    std::string& text = begin_event();
    add(text, R"("ph":"C","name":"replica {} {}","pid":{},"ts":)", replica.replica, what, process_of(replica.service));
    add_microseconds(text, nanoseconds(at));
    return text;
  };
  if (requests_changed) {
    add(begin_counter("requests"), R"(,"args":{{"waiting":{},"running":{}}})", levels.waiting, levels.running);
    end_event();
  }
  if (blocks_changed) {
    add(begin_counter("KV cache"), R"(,"args":{{"share":{:.5g}}})",
        static_cast<double>(levels.kv_blocks) / static_cast<double>(levels.kv_pool_blocks));
    end_event();
  }
}

void TimelineFile::on_incident(std::string_view kind, std::string_view target, bool begins, Picoseconds at) {
  if (!in_window(at, at)) return;
  if (!factory_named_) name_process(kFactoryProcess, "factory");
  factory_named_ = true;
  std::string name(kind);
  if (!target.empty()) name += fmt::format(" {}", target);
  if (!begins) name += " over";
  std::string& text = begin_event();
  add(text, R"("ph":"i","s":"g","name":{},"pid":{},"tid":{},"ts":)", json_text(name), kFactoryProcess, kFactoryProcess);
  add_microseconds(text, nanoseconds(at));
  end_event();
}

void TimelineFile::add_request(const RequestRow& row) {
  if (!in_window(row.arrival, row.end)) return;
  const std::int32_t service = numbers_.find(row.service)->second;
  name_service(service);
  const std::int64_t number = ++requests_;
  const auto begin_async = [&](std::string_view phase, std::string_view name, Picoseconds at) -> std::string& {
    std::string& text = begin_event();
    add(text, R"("ph":"{}","cat":"request","id":"0x{:x}","name":"{}","pid":{},"ts":)", phase, number, name,
        process_of(service));
    add_microseconds(text, nanoseconds(at));
    return text;
  };
  const bool has_token = row.first_token >= 0;
  constexpr std::string_view kWait = "until first token", kAnswer = "answer";
  std::string& text = begin_async("b", kWait, row.arrival);
  add(text, R"(,"args":{{"class":{},"tenant":{},"input_tokens":{},"output_tokens":{})", json_text(row.service_class),
      json_text(row.tenant), row.input_tokens, row.output_tokens);
  if (row.session != 0) add(text, R"(,"session":{})", row.session);
  text += '}';
  end_event();
  if (has_token) {
    begin_async("e", kWait, row.first_token);
    end_event();
    begin_async("b", kAnswer, row.first_token);
    end_event();
  }
  begin_async("e", has_token ? kAnswer : kWait, row.end);
  add(text, R"(,"args":{{"outcome":"{}{}{}","generated_tokens":{},"preemptions":{})", row.outcome,
      row.reason.empty() ? "" : ":", row.reason, row.generated_tokens, row.preemptions);
  if (row.replica >= 0) add(text, R"(,"replica":{})", row.replica);
  text += '}';
  end_event();
}

void TimelineFile::finish(Picoseconds end) {
  for (std::size_t s = 0; s < services_.size(); ++s) {
    for (std::size_t r = 0; r < services_[s].replicas.size(); ++r) {
      end_state({static_cast<std::int32_t>(s), static_cast<std::int32_t>(r)}, end);
    }
  }
  file_.buffer() += "\n]}\n";
  file_.finish();
}

}  // namespace tokenworks::report
