// callanjfox/kv-cache-tester, traces (Apache-2.0): recorded sessions of coding agents, one JSON object a line.
//
// block_size          tokens of a block
// requests            the main agent's steps and its sub-agents, in the order of their dates:
//   t                 s from the session's start (of a sub-agent's step: from the sub-agent's) to the step's start
//   in, out           tokens of prompt and answer
//   hash_ids          blocks of the prompt: a list of ids, or a text of ids and ranges, "1-1523,1525-1531"; ids mean
//                     something in their session alone; equal leading ids are a shared prefix
//   api_time          s that the service took; missing where the answer was broken off
//   think_time        s that user or tools took, from the end of the last step whose end is known
//   type "subagent"   has requests of its own. With duration_ms, t is its end and the next step waits for it; without,
//                     it was launched at t and runs in the background. Sub-agents have none themselves.
//
// What the file does not say: how long a broken-off answer took, so the wait after it is up to the next step's start
// and holds that time too (4,274 of 49,334 steps). An answer of 0 tokens counts as one, prefill's own. The answer's
// blocks are known where the next prompt repeats the last one to its end.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/jobs/workload/session_reader.hpp"
#include "sim/jobs/workload/text_lines.hpp"

namespace tokenworks::jobs {
namespace {

using Json = nlohmann::json;
using workload::ContentRun;
using workload::PlannedSpawn;
using workload::PlannedStep;
using workload::SessionPlan;
using Runs = std::vector<ContentRun>;

constexpr double kMostTokens = std::numeric_limits<std::int32_t>::max();
constexpr double kLongestTime = 1e9;  // s
constexpr int kDeepest = 8;           // requests of sub-agents lie at 5

/// Units by which two prompts agree from their beginning.
std::int64_t common_units(const Runs& a, const Runs& b) {
  std::int64_t units = 0, in_a = 0, in_b = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size() && a[i].first + in_a == b[j].first + in_b;) {
    const std::int64_t both = std::min(a[i].units - in_a, b[j].units - in_b);
    units += both, in_a += both, in_b += both;
    if (in_a == a[i].units) ++i, in_a = 0;
    if (in_b == b[j].units) ++j, in_b = 0;
  }
  return units;
}

std::int64_t units_of(const Runs& runs) {
  std::int64_t units = 0;
  for (const ContentRun& run : runs) units += run.units;
  return units;
}

/// The first `units` of `runs`.
Runs leading(const Runs& runs, std::int64_t units) {
  Runs list;
  for (const ContentRun& run : runs) {
    if (units == 0) break;
    list.push_back({run.first, std::min(run.units, units)});
    units -= list.back().units;
  }
  return list;
}

/// What a step of a chain says besides what its plan holds.
struct Recorded {
  double start_s = 0.0;
  std::optional<double> end_s;
  Runs blocks;
};

class KvCacheTester final : public SessionReader {
 public:
  explicit KvCacheTester(const std::string& path) : lines_(path) {}

  std::optional<SessionPlan> next() override {
    while (const std::optional<std::string_view> line = lines_.next()) {
      if (line->find_first_not_of(" \t") == std::string_view::npos) continue;
      return session(parsed(*line));
    }
    return std::nullopt;
  }

 private:
  Json parsed(std::string_view line) const {
    std::vector<std::vector<std::string>> keys;  // of the objects that are open
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
      if (depth > kDeepest) lines_.fail(fmt::format("found {} levels of nesting, allowed: {}", depth, kDeepest));
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) keys.pop_back();
      if (event == Json::parse_event_t::key) {
        const std::string& name = value.get_ref<const std::string&>();
        if (std::find(keys.back().begin(), keys.back().end(), name) != keys.back().end()) {
          lines_.fail(fmt::format("{} stands twice in an object", name));
        }
        keys.back().push_back(name);
      }
      return true;
    };
    try {
      return Json::parse(line.begin(), line.end(), watch);
    } catch (const Json::exception& error) {
      std::string_view reason = error.what();
      const std::size_t id_end = reason.find("] ");  // "[json.exception.parse_error.101] parse error at ..."
      if (id_end != reason.npos) reason.remove_prefix(id_end + 2);
      lines_.fail(fmt::format("not valid JSON: {}", reason));
    }
  }

  // ---- Values, each with the place that a fault names
  // ----------------------------------------------------------------

  static std::string shown(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

  static const Json* find(const Json& object, const char* key) {
    const auto member = object.find(key);
    return member == object.end() || member->is_null() ? nullptr : &*member;
  }

  std::optional<double> number(const Json& object, const std::string& place, const char* key, double least, double most,
                               bool whole = false) const {
    const Json* value = find(object, key);
    if (value == nullptr) return std::nullopt;
    const double read = value->is_number() ? value->get<double>() : -1.0;
    if (!(read >= least && read <= most) || (whole && read != std::floor(read))) {
      lines_.fail(place + key, shown(*value),
                  fmt::format("a {}number from {} to {}", whole ? "whole " : "", least, most));
    }
    return read;
  }
  double needed(const Json& object, const std::string& place, const char* key, double least, double most,
                bool whole = false) const {
    const std::optional<double> value = number(object, place, key, least, most, whole);
    if (!value) lines_.fail(fmt::format("{}{} is missing", place, key));
    return *value;
  }

  const Json& requests_of(const Json& object, const std::string& place) const {
    const Json* list = find(object, "requests");
    if (list == nullptr) lines_.fail(place + "requests is missing");
    if (!list->is_array()) lines_.fail(place + "requests", shown(*list), "a list");
    if (list->empty()) lines_.fail(place + "requests: found an empty list, allowed: at least one request");
    return *list;
  }

  static bool is_sub_agent(const Json& request) {
    const auto type = request.find("type");
    return type != request.end() && *type == "subagent";
  }

  static void add_run(Runs& runs, std::int64_t first, std::int64_t units) {
    if (!runs.empty() && runs.back().first + runs.back().units == first)
      runs.back().units += units;
    else
      runs.push_back({first, units});
  }

  Runs blocks_of(const Json& request, const std::string& place) const {
    Runs runs;
    const Json* ids = find(request, "hash_ids");
    if (ids == nullptr) return runs;
    constexpr std::string_view kAllowed = "ids and ranges such as 1-1523,1525-1531, from 0, or a list of ids";
    const std::string field = place + "hash_ids";
    if (ids->is_array()) {
      for (const Json& id : *ids) {
        if (!id.is_number_unsigned() || id.get<std::uint64_t>() > kLastId) lines_.fail(field, shown(id), kAllowed);
        add_run(runs, id.get<std::int64_t>(), 1);
      }
      return runs;
    }
    if (!ids->is_string()) lines_.fail(field, shown(*ids), kAllowed);
    const std::string& text = ids->get_ref<const std::string&>();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      const std::string_view part(text.data() + at, end - at);
      const std::size_t dash = part.find('-');
      const std::optional<std::int64_t> first = id_of(part.substr(0, dash));
      const std::optional<std::int64_t> last = dash == part.npos ? first : id_of(part.substr(dash + 1));
      if (!first || !last) lines_.fail(field, part, kAllowed);
      if (*last < *first) lines_.fail(field, part, "ranges whose last id is not below their first");
      if (*last - *first >= kMostBlocks) lines_.fail(field, part, "ranges of up to 2147483647 ids");
      add_run(runs, *first, *last - *first + 1);
      at = end + 1;
      if (end + 1 == text.size()) lines_.fail(field, text, kAllowed);  // a comma at the end
    }
    return runs;
  }

  static std::optional<std::int64_t> id_of(std::string_view text) {
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size() || id > kLastId) return std::nullopt;
    return static_cast<std::int64_t>(id);
  }

  // ---- Chains
  // --------------------------------------------------------------------------------------------------------

  SessionPlan session(const Json& object) const {
    if (!object.is_object()) lines_.fail("line", shown(object), "a JSON object");
    SessionPlan plan;
    plan.own_content_space = true;
    const std::optional<double> block = number(object, "", "block_size", 1, kMostTokens, true);
    plan.unit_tokens = block ? static_cast<std::int64_t>(*block) : 0;
    plan.chains.emplace_back();
    std::vector<std::pair<const Json*, std::string>> of_chain = {{&requests_of(object, ""), ""}};
    for (std::size_t chain = 0; chain < of_chain.size(); ++chain) {  // sub-agents are put behind
      const auto [requests, place] = of_chain[chain];
      read_chain(*requests, place, plan, chain, of_chain);
    }
    if (plan.unit_tokens == 0) plan.unit_tokens = 1;  // there are no blocks
    return plan;
  }

  void read_chain(const Json& requests, const std::string& place, SessionPlan& plan, std::size_t chain,
                  std::vector<std::pair<const Json*, std::string>>& of_chain) const {
    const std::size_t first_step = plan.steps.size();
    plan.chains[chain].first_step = static_cast<std::int32_t>(first_step);
    Recorded last;
    std::optional<double> joined_end_s;           // of the sub-agents since the last step
    std::size_t waited_for = plan.spawns.size();  // spawns from here on belong to the last step
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const Json& request = requests[i];
      const std::string here = fmt::format("{}requests[{}].", place, i);
      if (!request.is_object()) lines_.fail(here.substr(0, here.size() - 1), shown(request), "an object");
      const double start_s = needed(request, here, "t", 0, kLongestTime);
      const bool is_first = plan.steps.size() == first_step;
      if (is_sub_agent(request)) {
        if (chain != 0) lines_.fail(here + "type: found a sub-agent of a sub-agent, allowed: steps");
        if (is_first) lines_.fail(here + "type: found a sub-agent before the first step, allowed: a step");
        read_sub_agent(request, here, start_s, last, plan, joined_end_s);
        of_chain.emplace_back(&requests_of(request, here), here);
        continue;
      }
      Recorded now{.start_s = start_s, .end_s = {}, .blocks = blocks_of(request, here)};
      if (!is_first && start_s < last.start_s) {
        lines_.fail(here + "t", fmt::format("{}", start_s),
                    fmt::format("{} or later, as of the step before", last.start_s));
      }
      const std::optional<double> api_time_s = number(request, here, "api_time", 0, kLongestTime);
      if (api_time_s) now.end_s = start_s + *api_time_s;
      const std::optional<double> think_time_s = number(request, here, "think_time", 0, kLongestTime);
      PlannedStep step;
      if (is_first)
        step.wait_s = chain == 0 ? 0.0 : start_s;
      else if (joined_end_s && *joined_end_s <= start_s + kRounding)
        step.wait_s = std::max(0.0, start_s - *joined_end_s);
      else
        step.wait_s = wait_after(last, start_s, think_time_s);
      if (joined_end_s && *joined_end_s > start_s + kRounding) {  // the step did not wait
        for (std::size_t s = waited_for; s < plan.spawns.size(); ++s) plan.spawns[s].joined = false;
      }
      joined_end_s.reset();
      step.input_tokens = static_cast<std::int32_t>(needed(request, here, "in", 1, kMostTokens, true));
      step.output_tokens = std::max(1, static_cast<std::int32_t>(needed(request, here, "out", 0, kMostTokens, true)));
      check_blocks(now.blocks, step, here, plan.unit_tokens);
      if (!is_first) close_step(plan, last, &now.blocks);
      step.first_spawn = static_cast<std::int32_t>(plan.spawns.size());
      waited_for = plan.spawns.size();
      plan.steps.push_back(step);
      last = std::move(now);
    }
    if (plan.steps.size() == first_step) lines_.fail(place + "requests: found sub-agents alone, allowed: a step first");
    close_step(plan, last, nullptr);
    plan.chains[chain].steps = static_cast<std::int32_t>(plan.steps.size() - first_step);
  }

  /// From the end of the last step to the start of the next.
  static double wait_after(const Recorded& last, double start_s, std::optional<double> think_time_s) {
    if (last.end_s) return think_time_s.value_or(std::max(0.0, start_s - *last.end_s));
    const double since_start = start_s - last.start_s;
    return std::min(think_time_s.value_or(since_start), since_start);
  }

  void read_sub_agent(const Json& request, const std::string& here, double date_s, const Recorded& last,
                      SessionPlan& plan, std::optional<double>& joined_end_s) const {
    const std::optional<double> duration_ms = number(request, here, "duration_ms", 0, kLongestTime * 1e3);
    const double start_s = duration_ms ? date_s - *duration_ms * 1e-3 : date_s;
    PlannedSpawn spawn;
    spawn.chain = static_cast<std::int32_t>(plan.chains.size());
    spawn.wait_s = std::max(0.0, start_s - last.end_s.value_or(last.start_s));
    spawn.joined = duration_ms.has_value();
    if (spawn.joined) {
      // The simulated join is the end of its last answer; what the recorded one took beyond is the next step's wait.
      const Json& steps = requests_of(request, here);
      double end_s = 0.0;
      for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!steps[i].is_object()) continue;  // told when it is read
        const std::string place = fmt::format("{}requests[{}].", here, i);
        end_s = std::max(end_s, number(steps[i], place, "t", 0, kLongestTime).value_or(0.0) +
                                    number(steps[i], place, "api_time", 0, kLongestTime).value_or(0.0));
      }
      joined_end_s = std::max(joined_end_s.value_or(0.0), std::min(date_s, std::max(0.0, start_s) + end_s));
    }
    plan.chains.emplace_back();
    plan.spawns.push_back(spawn);
    ++plan.steps.back().spawns;
  }

  void check_blocks(const Runs& blocks, const PlannedStep& step, const std::string& here, std::int64_t size) const {
    const std::int64_t units = units_of(blocks);
    if (units == 0) return;
    if (size == 0) lines_.fail(here + "hash_ids: found block ids without sizes: block_size is missing");
    const std::int64_t most = (step.input_tokens + size - 1) / size;
    if (units > most) {
      lines_.fail(fmt::format("{}hash_ids: found {} blocks of {} tokens, allowed: up to {} for {} tokens", here, units,
                              size, most, step.input_tokens));
    }
  }

  /// Writes the content of the last step that was read. `next`: of the step after it; null when there is none.
  static void close_step(SessionPlan& plan, const Recorded& recorded, const Runs* next) {
    if (recorded.blocks.empty()) return;
    PlannedStep& step = plan.steps.back();
    const std::int64_t size = plan.unit_tokens;
    std::int64_t units = units_of(recorded.blocks);
    std::int64_t tokens = std::min<std::int64_t>(units * size, step.input_tokens);
    Runs runs = recorded.blocks;
    if (next != nullptr && common_units(recorded.blocks, *next) == units) {
      const std::int64_t with_answer = (std::int64_t{step.input_tokens} + step.output_tokens) / size;
      const std::int64_t known = std::min(with_answer, units_of(*next));
      if (known > units) {
        runs = leading(*next, known);
        tokens = known * size;
      }
    }
    step.first_run = static_cast<std::int32_t>(plan.runs.size());
    step.runs = static_cast<std::int32_t>(runs.size());
    step.content_tokens = tokens;
    plan.runs.insert(plan.runs.end(), runs.begin(), runs.end());
  }

  static constexpr std::int64_t kMostBlocks = std::numeric_limits<std::int32_t>::max();
  static constexpr std::uint64_t kLastId = std::uint64_t{1} << 62;
  static constexpr double kRounding = 1.0;  // s, of the dates of steps

  TextLines lines_;
};

}  // namespace

std::unique_ptr<SessionReader> open_session_trace(std::string_view format, const std::string& path) {
  if (format != "kv_cache_tester") throw std::invalid_argument("no reader of session format " + std::string(format));
  return std::make_unique<KvCacheTester>(path);
}

}  // namespace tokenworks::jobs
