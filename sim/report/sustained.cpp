#include "sim/report/sustained.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sim/report/summary.hpp"

namespace tokenworks::report {
namespace {

using metrics::RunResult;
using metrics::ServiceResult;

/// E: what may stay behind of what arrives, and what a service without promises may leave open at the window's end.
constexpr double kThroughput = 0.98;
/// E: chance moves the mean of a third of the window by about the square root of what is in the system; a growth within
/// twice that, and of one request, is none.
constexpr double kChance = 2.0;
constexpr std::size_t kFewestRows = 6;

double share_of(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

/// Rejections that a lower rate would not spare.
std::int64_t rejected_at_any_rate(const ServiceResult& service) {
  std::int64_t count = 0;
  for (const auto& [reason, requests] : service.rejections) {
    if (reason.starts_with("longer_than_")) count += requests;
  }
  return count;
}

std::optional<double> p99(const std::optional<metrics::LatencySummary>& latency) {
  if (!latency) return std::nullopt;
  return latency->p99;
}

void judge_promises(const ServiceResult& service, double wanted, Sustained& judged) {
  const std::int64_t arrived = window_arrivals(service);
  const double share = *attainment(service);
  if (share >= wanted) return;
  judged.kept = false;
  const metrics::PromiseResult& promises = *service.promises;
  const std::size_t before = judged.shortfalls.size();
  const auto add = [&](const char* what, double kept, std::optional<double> promised_s, std::optional<double> p99_s) {
    if (kept < wanted) judged.shortfalls.push_back({service.name, what, kept, wanted, promised_s, p99_s});
  };
  add("ttft_s", 1 - share_of(promises.late_first_token, arrived), promises.ttft_s, p99(service.ttft_s));
  add("tpot_s", 1 - share_of(promises.slow_tokens, arrived), promises.tpot_s, p99(service.tpot_s));
  add("answered", share_of(promises.completed, arrived), {}, {});
  if (judged.shortfalls.size() == before) add("promises", share, {}, {});
}

/// Each class keeps its own promises; what the service as a whole keeps may hide a small one.
void judge_class(const ServiceResult& service, const metrics::GroupResult& of_class,
                 const SustainedCriterion& criterion, Sustained& judged) {
  if (!of_class.promises || of_class.window_arrived == 0) return;
  const double share = share_of(of_class.promises->kept, of_class.window_arrived);
  if (share >= criterion.attainment) return;
  judged.kept = false;
  judged.shortfalls.push_back({service.name + "/" + of_class.name, "promises", share, criterion.attainment, {}, {}});
}

void judge_throughput(const ServiceResult& service, Sustained& judged) {
  const std::int64_t arrived = window_arrivals(service);
  const std::int64_t hopeless = rejected_at_any_rate(service);
  const std::int64_t all = service.requests.arrived - service.requests.sent_on;
  if (const std::int64_t refused = service.requests.rejected - hopeless; refused > 0) {
    judged.kept = false;
    judged.shortfalls.push_back({service.name, "answered", 1 - share_of(refused, all), 1.0, {}, {}});
  }
  const double wanted = static_cast<double>(arrived) * (1 - share_of(hopeless, all));
  if (!(wanted > 0)) return;
  const double share = static_cast<double>(service.window_completed) / wanted;
  if (share >= kThroughput) return;
  judged.kept = false;
  judged.shortfalls.push_back({service.name, "throughput", share, kThroughput, {}, {}});
}

/// A third of the window.
struct Third {
  double arrivals = 0.0;
  double in_system = 0.0;  ///< mean
};

/// Nothing when the series has too few rows in the window.
std::optional<std::array<Third, 3>> thirds(const RunResult& result, const std::string& service,
                                           const SustainedCriterion& criterion) {
  const auto column = [&](const std::string& name) {
    const auto at = std::find_if(result.columns.begin(), result.columns.end(),
                                 [&](const metrics::SeriesColumn& c) { return c.name == name; });
    return static_cast<std::size_t>(at - result.columns.begin());
  };
  const std::size_t arrivals = column(service + ".arrivals"), in_system = column(service + ".requests_in_engine");
  if (std::max(arrivals, in_system) >= result.columns.size() || result.rows.size() < 2) return std::nullopt;
  const double interval_s = result.rows[1][0] - result.rows[0][0];
  const double to_s = std::min(criterion.window_to_s, result.simulated_s);
  std::vector<const std::vector<double>*> rows;
  for (const std::vector<double>& row : result.rows) {
    // Dates are sums of intervals: half a row off is none.
    if (row[0] >= criterion.window_from_s - 1e-9 * to_s && row[0] + interval_s <= to_s * (1 + 1e-9)) {
      rows.push_back(&row);
    }
  }
  if (rows.size() < kFewestRows) return std::nullopt;
  std::array<Third, 3> parts;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::size_t first = rows.size() * part / 3, last = rows.size() * (part + 1) / 3;
    for (std::size_t i = first; i < last; ++i) {
      parts[part].arrivals += (*rows[i])[arrivals];
      parts[part].in_system += (*rows[i])[in_system] / static_cast<double>(last - first);
    }
  }
  return parts;
}

/// Little's law: at a steady time in the system, requests in it follow the rate of arrivals. What there are more in the
/// last third than that has piled up since the first.
struct Backlog {
  bool grows = false;
  double piled_up = 0.0, arrived = 0.0;
};

std::optional<Backlog> backlog_of(const RunResult& result, const ServiceResult& service,
                                  const SustainedCriterion& criterion) {
  const auto parts = thirds(result, service.name, criterion);
  if (!parts) return std::nullopt;
  const auto& [first, middle, last] = *parts;
  const double busier = first.arrivals > 0 ? std::max(1.0, last.arrivals / first.arrivals) : 1.0;
  const double piled_up = last.in_system - first.in_system * busier;
  const double arrived = first.arrivals / 2 + middle.arrivals + last.arrivals / 2;  // between the middles of the two
  const bool grows = piled_up > 1 + kChance * std::sqrt(last.in_system) && piled_up > (1 - kThroughput) * arrived;
  return Backlog{grows, piled_up, arrived};
}

void judge_backlog(const RunResult& result, const ServiceResult& service, const SustainedCriterion& criterion,
                   Sustained& judged) {
  const auto backlog = backlog_of(result, service, criterion);
  if (!backlog || !backlog->grows) return;
  const double piled_up = backlog->piled_up, arrived = backlog->arrived;
  judged.stable = false;
  judged.shortfalls.push_back(
      {service.name, "backlog", arrived > 0 ? 1 - piled_up / arrived : 0.0, kThroughput, {}, {}});
}

}  // namespace

std::int64_t window_arrivals(const ServiceResult& service) {
  std::int64_t arrived = 0;
  for (const metrics::WorkloadArrivals& workload : service.arrivals) arrived += workload.in_window;
  return arrived - service.window_sent_on;
}

std::optional<double> attainment(const ServiceResult& service) {
  const std::int64_t arrived = window_arrivals(service);
  if (!service.promises || arrived == 0) return std::nullopt;
  return share_of(service.promises->kept, arrived);
}

std::optional<std::string> limit_of(const metrics::ServiceResult& service) {
  constexpr double kNotable = 0.05;
  for (const auto& [reason, count] : service.rejections) {
    if (count > 0 && (reason == "queue_full" || reason == "class_queue_full")) return "admission";
  }
  const std::map<std::string, double>& waiting = service.saturation.waiting_share;
  const auto most = std::max_element(waiting.begin(), waiting.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == waiting.end() || most->second < kNotable) return std::nullopt;
  return most->first;
}

std::optional<bool> is_stable(const RunResult& result, const ServiceResult& service) {
  SustainedCriterion criterion;
  criterion.window_from_s = service.window_from_s;
  criterion.window_to_s = service.window_from_s + service.window_s;
  const auto backlog = backlog_of(result, service, criterion);
  if (!backlog) return std::nullopt;
  return !backlog->grows;
}

Sustained judge_sustained(const RunResult& result, const SustainedCriterion& criterion) {
  Sustained judged;
  bool any = false;
  for (const ServiceResult& service : result.services) {
    if (window_arrivals(service) == 0) continue;
    any = true;
    if (service.promises) {
      judge_promises(service, criterion.attainment, judged);
    } else {
      judge_throughput(service, judged);
    }
    for (const metrics::GroupResult& of_class : service.classes) judge_class(service, of_class, criterion, judged);
    judge_backlog(result, service, criterion, judged);
  }
  if (!any) {
    judged.kept = false;
    judged.shortfalls.push_back({"", "arrivals", 0.0, 1.0, {}, {}});
  }
  return judged;
}

std::string shortfall_words(const Shortfall& shortfall) {
  const auto percent = [](double share) { return fmt::format("{:.4g} %", std::round(share * 1e4) / 1e2); };
  const std::string wanted =
      shortfall.wanted_share < 1 ? percent(shortfall.wanted_share) + " are wanted" : "all are wanted";
  const std::string share = percent(shortfall.share);
  const auto of_service = [&](const std::string& words) { return shortfall.service + ": " + words; };
  if (shortfall.what == "arrivals") return "no request arrived after the warm-up";
  if (shortfall.what == "backlog") {
    return of_service(fmt::format("the backlog grows: {} of what arrives is worked off, {}", share, wanted));
  }
  if (shortfall.what == "throughput") {
    return of_service(fmt::format("{} of what arrives is completed, {}", share, wanted));
  }
  if (shortfall.what == "answered") return of_service(fmt::format("{} of requests are answered, {}", share, wanted));
  if (shortfall.what == "promises") {
    return of_service(fmt::format("{} of requests keep all promises, {}", share, wanted));
  }
  std::string limit = shortfall.promised_s ? " " + scaled(*shortfall.promised_s, "s") : "";
  if (shortfall.p99_s) limit += fmt::format(" (p99 {})", scaled(*shortfall.p99_s, "s"));
  return of_service(fmt::format("{} of requests keep {}{}, {}", share, shortfall.what, limit, wanted));
}

}  // namespace tokenworks::report
