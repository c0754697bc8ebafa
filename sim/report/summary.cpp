#include "sim/report/summary.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "sim/report/report.hpp"
#include "sim/report/sustained.hpp"

namespace tokenworks::report {
namespace {

using metrics::LatencySummary;
using metrics::RunResult;
using metrics::ServiceResult;

constexpr std::size_t kColumns = 80;

/// At least three significant digits, whole from 100 on, grouped from 1,000 on, without an exponent.
std::string three_digits(double value) {
  const double size = std::abs(value);
  if (size >= 999.5) return size < 9e15 ? grouped(std::llround(value)) : fmt::format("{:.3g}", value);
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  if (size >= 0.9995 || size == 0) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

std::string percent(double share) {
  // 99.96 % must not read as "100.0 %": a promise was broken.
  const double shown = share < 1 ? std::min(share * 100, 99.9) : 100;
  return fmt::format("{:.1f} %", shown);
}

std::string or_none(const std::optional<double>& value, std::string_view unit) {
  return value ? fmt::format("{} {}", three_digits(*value), unit) : "none";
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(static_cast<std::int64_t>(count)), noun, count == 1 ? "" : "s");
}

/// Cuts `text` to `columns` code points; what does not fit is marked by "...".
std::string fitted(const std::string& text, std::size_t columns) {
  const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto length = static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
  if (length <= columns) return text;
  std::size_t kept = 0, end = 0;
  for (; end < text.size(); ++end) {
    if (starts_character(text[end]) && kept++ == columns - 3) break;
  }
  return text.substr(0, end) + "...";
}

class Text {
 public:
  explicit Text(bool colour) : colour_(colour) {}

  void heading(const std::string& text) {
    const std::string line = fitted(text, kColumns);
    lines_ += colour_ ? "\033[1m" + line + "\033[0m\n" : line + "\n";
  }
  void figure(std::string_view label, const std::string& value) {
    lines_ += fitted(fmt::format("  {:<24}{}", label, value), kColumns) + "\n";
  }
  void line(const std::string& text) { lines_ += fitted(text, kColumns) + "\n"; }
  /// Goes on in further lines, indented, where it is too long; it is broken behind commas.
  void wrapped(const std::string& text) {
    std::string left = text;
    while (left.size() > kColumns) {
      const std::size_t comma = left.rfind(", ", kColumns - 1);
      if (comma == std::string::npos) break;
      line(left.substr(0, comma + 1));
      left = "    " + left.substr(comma + 2);
    }
    line(left);
  }
  /// A line that is kept whole, whatever its length (a path must be usable).
  void whole(const std::string& text) { lines_ += text + "\n"; }
  void gap() { lines_ += "\n"; }
  std::string take() { return std::move(lines_); }

 private:
  bool colour_;
  std::string lines_;
};

std::string request_counts(const metrics::RequestCounts& requests) {
  std::string text = fmt::format("{} of {} completed", grouped(requests.completed), grouped(requests.arrived));
  const std::pair<std::int64_t, const char*> rest[] = {
      {requests.rejected, "rejected"},   {requests.failed, "failed"},   {requests.cancelled, "cancelled"},
      {requests.timed_out, "timed out"}, {requests.sent_on, "sent on"}, {requests.unfinished, "unfinished"}};
  for (const auto& [count, what] : rest) {
    if (count > 0) text += fmt::format(", {} {}", grouped(count), what);
  }
  return text;
}

/// "kv_memory": "kv memory".
std::string spoken(std::string words) {
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string rejection_reasons(const metrics::RejectionReasons& reasons) {
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), spoken(reason));
  }
  return text;
}

std::string latency(const std::optional<LatencySummary>& latency) {
  if (!latency) return "none";
  return fmt::format("p50 {:<10} p99 {:<10} mean {}", scaled(latency->p50, "s"), scaled(latency->p99, "s"),
                     scaled(latency->mean, "s"));
}

/// What only some services have: adapters, other services on their GPUs, replicas that come and go.
void add_parts(Text& text, const ServiceResult& service) {
  if (service.preemptions > 0) {
    std::string preempted = plural(static_cast<std::size_t>(service.preemptions), "request");
    if (service.swap && service.swap->out_tokens > 0) {
      preempted += fmt::format(", {} tokens to host memory", grouped(service.swap->out_tokens));
    }
    text.figure("Preempted", preempted);
  }
  if (service.adapters) {
    text.figure("Adapters", fmt::format("loaded {} times, steps wait {}", grouped(service.adapters->loads),
                                        scaled(service.adapters->load_time_s, "s")));
  }
  if (service.step_traffic && service.step_traffic->time_s > 0) {
    const metrics::StepTrafficResult& traffic = *service.step_traffic;
    text.figure("Between domains",
                fmt::format("steps wait {}, {} by narrow or shared links", scaled(traffic.time_s, "s"),
                            percent(traffic.contention_s / traffic.time_s)));
  }
  if (service.scaling) {
    const metrics::ScalingResult& scaling = *service.scaling;
    text.figure("Replicas", fmt::format("mean {}, peak {}; {} started, {} drained", three_digits(scaling.mean_replicas),
                                        scaling.peak_replicas, scaling.started, scaling.drained));
  }
  if (service.clock && service.clock->mean_share) {
    text.figure("Clock of its GPUs",
                fmt::format("mean {}, below the full one {} of the time of steps", percent(*service.clock->mean_share),
                            percent(service.clock->throttled_share_of_time)));
  }
  if (service.sharing) {
    const metrics::SharingResult& sharing = *service.sharing;
    text.figure("Shared GPUs", fmt::format("with {}: {} switches, steps wait {}", fmt::join(sharing.with, ", "),
                                           grouped(sharing.switches), scaled(sharing.turn_wait_s, "s")));
    if (sharing.switch_s > 0) text.figure("Models swapped", fmt::format("within {}", scaled(sharing.switch_s, "s")));
  }
}

void add_saturation(Text& text, const RunResult& result, const ServiceResult& service) {
  const metrics::SaturationResult& saturation = service.saturation;
  const std::optional<std::string> limit = limit_of(service);
  const std::optional<bool> stable = is_stable(result, service);
  if (limit || (stable && !*stable)) {
    std::string backlog = !stable ? "" : *stable ? "does not grow" : "grows";
    if (limit && !backlog.empty()) backlog += ", ";
    if (limit) backlog += *limit == "admission" ? "requests are turned away" : "the first waits for " + spoken(*limit);
    text.figure("Backlog", backlog);
  }
  if (saturation.knee_requests_per_s) {
    text.figure("Knee (closed form)", fmt::format("{} requests/s, by {}", three_digits(*saturation.knee_requests_per_s),
                                                  spoken(saturation.knee_limit)));
  }
}

void add_service(Text& text, const RunResult& result, const ServiceResult& service) {
  text.heading(
      fmt::format("{} ({}, {})", service.name, service.kind, plural(static_cast<std::size_t>(service.gpus), "GPU")));
  if (service.window_s > 0) {
    const double tokens_per_s = static_cast<double>(service.window_output_tokens) / service.window_s;
    std::string rate = fmt::format("{} tokens/s", three_digits(tokens_per_s));
    if (service.gpus > 0) {
      rate += fmt::format(" ({} per GPU)", three_digits(tokens_per_s / static_cast<double>(service.gpus)));
    }
    text.figure("Output", rate);
    text.figure(
        "Request rate",
        fmt::format("{} requests/s", three_digits(static_cast<double>(service.window_completed) / service.window_s)));
  }
  text.figure("Requests", request_counts(service.requests));
  if (!service.rejections.empty()) text.figure("Rejected", rejection_reasons(service.rejections));
  text.figure("Time to first token", latency(service.ttft_s));
  text.figure("Time per output token", latency(service.tpot_s));
  if (service.cached_input_tokens > 0) {
    text.figure("Prompts from the cache",
                fmt::format("{} of their tokens", percent(static_cast<double>(service.cached_input_tokens) /
                                                          static_cast<double>(service.input_tokens))));
  }
  if (service.handover && service.handover->transfer_s) {
    text.figure("Hand-over",
                fmt::format("p50 {}, p99 {}; waits for room p99 {}", scaled(service.handover->transfer_s->p50, "s"),
                            scaled(service.handover->transfer_s->p99, "s"),
                            service.handover->wait_s ? scaled(service.handover->wait_s->p99, "s") : "0 s"));
  }
  add_saturation(text, result, service);
  add_parts(text, service);
  if (service.slo_attainment) {
    text.figure("Promises (SLO)", fmt::format("kept for {} of requests, goodput {}", percent(*service.slo_attainment),
                                              or_none(service.goodput_requests_per_s, "requests/s")));
  }
}

void add_sessions(Text& text, const metrics::SessionResult& sessions) {
  text.heading(fmt::format("Sessions of {}", sessions.workload));
  std::string counts = fmt::format("{} of {} completed", grouped(sessions.completed), grouped(sessions.started));
  if (sessions.failed > 0) counts += fmt::format(", {} failed", grouped(sessions.failed));
  if (sessions.unfinished > 0) counts += fmt::format(", {} unfinished", grouped(sessions.unfinished));
  text.figure("Sessions", counts);
  std::string steps = grouped(sessions.steps);
  if (sessions.sub_agent_steps > 0) steps += fmt::format(", {} of sub-agents", grouped(sessions.sub_agent_steps));
  if (sessions.rejected_steps > 0) steps += fmt::format(", {} rejected", grouped(sessions.rejected_steps));
  text.figure("Steps", steps);
  text.figure("Time of a session", latency(sessions.time_s));
  text.figure("Of it, the model's", latency(sessions.llm_time_s));
  if (sessions.input_tokens > 0) {
    text.figure("Prompts from the cache", percent(static_cast<double>(sessions.cached_input_tokens) /
                                                  static_cast<double>(sessions.input_tokens)));
  }
}

void add_factory(Text& text, const RunResult& result) {
  const Summary summary = summarize(result);
  text.heading("Factory");
  text.figure("IT power", summary.mean_it_w ? "mean " + scaled(*summary.mean_it_w, "W") : "none");
  text.figure("Facility power", "peak " + scaled(summary.peak_facility_w, "W"));
  text.figure("PUE", summary.pue ? fmt::format("{:.3f}", *summary.pue) : "none");
  text.figure("Energy", or_none(summary.output_tokens_per_joule, "output tokens per joule"));
  text.figure("Cost", summary.usd_per_million_output_tokens
                          ? fmt::format("{} USD per million output tokens, electricity only",
                                        three_digits(*summary.usd_per_million_output_tokens))
                          : "none");
}

std::string link_line(const metrics::LinkResult& link) {
  return fmt::format("mean {}, peak {}: {}", percent(link.mean_utilisation), percent(link.peak_utilisation), link.name);
}

void add_network(Text& text, const metrics::NetworkResult& network, double simulated_s) {
  const metrics::FabricResult& fabric = *network.fabric;
  text.heading(fmt::format("Network ({}, {}, {})", fabric.kind, plural(static_cast<std::size_t>(fabric.nodes), "node"),
                           fabric.switches == 1 ? "1 switch" : grouped(fabric.switches) + " switches"));
  text.figure("Moved", scaled(network.bytes, "B"));
  // What a run computes as nothing may lie a rounding below it.
  text.figure("Lost to congestion", network.congestion_share
                                        ? percent(std::max(0.0, *network.congestion_share)) + " of transfer time"
                                        : "none");
  if (!network.busiest_links.empty()) text.figure("Busiest link", link_line(network.busiest_links.front()));
  if (simulated_s > 0) text.figure("Switches and optics", "mean " + scaled(network.energy_j / simulated_s, "W"));
  text.figure("Weak points", plural(fabric.single_points_of_failure.size(), "single point") + " of failure");
}

std::string transfers(std::int64_t count, double bytes, const std::optional<LatencySummary>& duration) {
  return fmt::format("{} in {}, p99 {}", scaled(bytes, "B"), plural(static_cast<std::size_t>(count), "transfer"),
                     duration ? scaled(duration->p99, "s") : "none");
}

void add_storage(Text& text, const metrics::StorageResult& storage) {
  text.heading(storage.kind.empty() ? "Storage" : fmt::format("Storage ({})", storage.kind));
  if (storage.reads > 0) text.figure("Read", transfers(storage.reads, storage.read_bytes, storage.read_s));
  if (storage.writes > 0) text.figure("Written", transfers(storage.writes, storage.written_bytes, storage.write_s));
}

/// "3 requests failed" of "requests_failed" and 3, "canary 20 s" of "canary_s" and 20.
std::string effect_words(std::string name, double value) {
  if (name == "bytes") return scaled(value, "B");
  if (name.ends_with("_ratio")) return fmt::format("{} {}", spoken(name), three_digits(value));
  if (name.ends_with("_s")) return fmt::format("{} {}", spoken(name.substr(0, name.size() - 2)), scaled(value, "s"));
  return fmt::format("{} {}", grouped(std::llround(value)), spoken(std::move(name)));
}

/// What an incident did, in words. Effects of 0 are left out, and how long it lasted, which is told already.
std::string incident_effects(const metrics::IncidentResult& incident) {
  std::string words;
  for (const auto& [name, value] : incident.effects) {
    if (value == 0 || name == "duration_s" || (name == "happened" && value == 1)) continue;
    words +=
        ", " + (name == "happened" ? fmt::format("{} times", grouped(std::llround(value))) : effect_words(name, value));
  }
  return words;
}

std::string incident_line(const metrics::IncidentResult& incident) {
  const auto happened = std::find_if(incident.effects.begin(), incident.effects.end(),
                                     [](const auto& effect) { return effect.first == "happened"; });
  const std::string line = fmt::format("  {} {} at {}: ", incident.kind, incident.target, scaled(incident.at_s, "s"));
  if (happened != incident.effects.end() && happened->second == 0) return line + "did not happen";
  const bool is_work = incident.kind == "weight_load" || incident.kind == "model_swap";
  const std::string_view ended = is_work ? "done" : "repaired";
  return line +
         (incident.repaired_at_s
              ? fmt::format("{} after {}", ended, scaled(*incident.repaired_at_s - incident.at_s, "s"))
              : fmt::format("not {}", ended)) +
         incident_effects(incident);
}

void add_incidents(Text& text, const std::vector<metrics::IncidentResult>& incidents) {
  text.heading("Incidents");
  for (const metrics::IncidentResult& incident : incidents) text.wrapped(incident_line(incident));
}

}  // namespace

std::string grouped(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string scaled(double value, std::string_view unit) {
  struct Prefix {
    double factor;
    const char* name;
  };
  static constexpr std::array<Prefix, 8> kPrefixes = {
      {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {1e-3, "m"}, {1e-6, "µ"}, {1e-9, "n"}}};
  const double size = std::abs(value);
  if (size == 0 || !std::isfinite(value)) return fmt::format("{} {}", value, unit);
  for (const Prefix& prefix : kPrefixes) {
    // What would be rounded up to 1,000 belongs to the next prefix: 999.9 W is 1.00 kW.
    const bool time_beyond_seconds = unit == "s" && prefix.factor > 1;  // nobody counts in kiloseconds
    if (size >= prefix.factor * 0.9995 && !time_beyond_seconds) {
      return fmt::format("{} {}{}", three_digits(value / prefix.factor), prefix.name, unit);
    }
  }
  return fmt::format("{:.3g} {}", value, unit);
}

bool colour_wanted(std::FILE* out) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr && std::string_view(terminal) != "dumb" &&
         ::isatty(::fileno(out)) == 1;
}

std::string summary_text(const RunResult& result, const SummaryHeading& heading, bool colour) {
  Text text(colour);
  text.heading(heading.scenario);
  std::string simulated = scaled(result.simulated_s, "s") + " simulated";
  if (heading.wall_s > 0) simulated += " in " + scaled(heading.wall_s, "s");
  if (result.interrupted) simulated += ", INTERRUPTED before the end";
  text.figure("Run", simulated);
  text.gap();
  for (const ServiceResult& service : result.services) {
    add_service(text, result, service);
    text.gap();
  }
  for (const metrics::SessionResult& sessions : result.sessions) {
    add_sessions(text, sessions);
    text.gap();
  }
  add_factory(text, result);
  text.gap();
  if (result.network.fabric) {
    add_network(text, result.network, result.simulated_s);
    text.gap();
  }
  if (result.storage.reads + result.storage.writes > 0) {
    add_storage(text, result.storage);
    text.gap();
  }
  if (!result.incidents.empty()) {
    add_incidents(text, result.incidents);
    text.gap();
  }
  text.whole(fmt::format("The report lists {} and {}.", plural(result.assumptions.size(), "assumption"),
                         plural(result.validity.size(), "validity note")));
  if (!heading.report.empty()) text.whole("Report: " + heading.report.string());
  return text.take();
}

void print_summary(std::FILE* out, const RunResult& result, const SummaryHeading& heading) {
  const std::string text = summary_text(result, heading, colour_wanted(out));
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}

}  // namespace tokenworks::report
