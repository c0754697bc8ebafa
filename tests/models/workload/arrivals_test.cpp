#include <array>
#include <boost/math/constants/constants.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <cmath>
#include <set>
#include <stdexcept>

#include "models/workload/arrival_process.hpp"
#include "models/workload/trace_formats.hpp"
#include "tests/catch.hpp"
#include "tests/models/workload/chosen_option.hpp"
#include "tests/models/workload/goodness_of_fit.hpp"

namespace tokenworks::workload {
namespace {

using Process = std::unique_ptr<ArrivalProcess>;

Process process(std::string_view kind, FieldValues values, double start_hour = 0.0) {
  return chosen_option(arrival_options(), kind, std::move(values))->open_process(start_hour);
}

std::vector<double> dates(ArrivalProcess& arrivals, std::size_t count,
                          std::string_view stream = "workload/chat/arrivals") {
  RandomEngine random = random_stream(7, stream);
  std::vector<double> list(count);
  for (double& date : list) date = arrivals.next_s(random);
  return list;
}

std::vector<double> gaps(const std::vector<double>& dates) {
  std::vector<double> list;
  double last = 0.0;
  for (const double date : dates) list.push_back(date - std::exchange(last, date));
  return list;
}

/// Arrivals in each hour of the day over `days` days from the start of the run.
std::array<double, 24> counts_by_hour(ArrivalProcess& arrivals, int days) {
  RandomEngine random = random_stream(7, "workload/chat/arrivals");
  std::array<double, 24> counts{};
  while (true) {
    const double date = arrivals.next_s(random);
    if (date >= days * 86'400.0) return counts;
    counts[static_cast<std::size_t>(date / 3600.0) % 24] += 1.0;
  }
}

const std::vector<std::pair<std::string_view, FieldValues>> kOpenProcesses = {
    {"poisson", {{"rate_per_s", 3.0}}},
    {"gamma", {{"rate_per_s", 3.0}, {"cv", 4.0}}},
    {"diurnal", {{"mean_rate_per_s", 3.0}, {"peak_hour_local", 15.0}, {"peak_to_mean", 1.8}}},
};

}  // namespace

TEST_CASE("arrival options: the list has eight kinds, each with a help text and exactly one answer",
          "[models][workload]") {
  std::set<std::string_view> kinds;
  for (const Option<ArrivalOption>& option : arrival_options()) {
    kinds.insert(option.kind);
    CHECK(!option.help.empty());
    const std::unique_ptr<ArrivalOption> made = option.make();
    CHECK((made->open_process(0.0) != nullptr) + made->closed_loop().has_value() + made->trace().has_value() +
              made->client_statistics().has_value() + made->brings_sessions() ==
          1);
    CHECK(made->brings_lengths() ==
          (option.kind == "trace" || option.kind == "client_statistics" || made->brings_sessions()));
  }
  CHECK(kinds == std::set<std::string_view>{"trace", "client_statistics", "poisson", "gamma", "closed_loop", "diurnal",
                                            "session_trace", "agent_sessions"});
}

TEST_CASE("arrival options: a closed loop says what its fields say", "[models][workload]") {
  const auto loop = chosen_option(arrival_options(), "closed_loop",
                                  {{"concurrency", 64.0}, {"requests", 1000.0}, {"think_time_s", 1.5}})
                        ->closed_loop();
  CHECK(loop->concurrency == 64);
  CHECK(loop->requests == 1000);
  CHECK(loop->think_time_s == 1.5);
  CHECK(!chosen_option(arrival_options(), "closed_loop", {{"concurrency", 1.0}})->closed_loop()->requests.has_value());
}

TEST_CASE("arrival options: a trace says what its fields say", "[models][workload]") {
  const auto trace = chosen_option(arrival_options(), "trace",
                                   {{"format", std::string("mooncake")},
                                    {"path", std::string("a.jsonl")},
                                    {"rate_scale", 2.0},
                                    {"start_s", 10.0},
                                    {"duration_s", 60.0},
                                    {"loop", true}})
                         ->trace();
  CHECK(trace->format == "mooncake");
  CHECK(trace->path == "a.jsonl");
  CHECK(trace->rate_scale == 2.0);
  CHECK(trace->start_s == 10.0);
  CHECK(trace->duration_s == 60.0);
  CHECK(trace->loop);
}

TEST_CASE("arrival options: statistics of clients say what their fields say", "[models][workload]") {
  const auto files = chosen_option(arrival_options(), "client_statistics",
                                   {{"rates", std::string("r.csv")},
                                    {"lengths", std::string("l.jsonl")},
                                    {"rate_scale", 2.0},
                                    {"start_s", 10.0},
                                    {"clients", 5.0},
                                    {"loop", true},
                                    {"clients_without_lengths", std::string("left_out")}})
                         ->client_statistics();
  CHECK(files->rates == "r.csv");
  CHECK(files->lengths == "l.jsonl");
  CHECK(files->rate_scale == 2.0);
  CHECK(files->start_s == 10.0);
  CHECK(files->clients == 5);
  CHECK(files->loop);
  CHECK(files->clients_without_lengths == "left_out");
}

TEST_CASE("arrival options: a scaled rate brings the same requests, so many times as fast", "[models][workload]") {
  for (const auto& [kind, values] : kOpenProcesses) {
    if (kind == "diurnal") continue;  // the day's course does not speed up
    const auto option = chosen_option(arrival_options(), kind, values);
    const auto before = dates(*option->open_process(0.0), 100);
    option->scale_rate(2.5);
    const auto after = dates(*option->open_process(0.0), 100);
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(after[i] == Approx(before[i] / 2.5));
  }
}

TEST_CASE("arrival options: the scaled rate of a day keeps the day's course", "[models][workload]") {
  const auto option = chosen_option(arrival_options(), "diurnal", kOpenProcesses[2].second);
  const auto before = counts_by_hour(*option->open_process(0.0), 20);
  option->scale_rate(0.5);
  const auto after = counts_by_hour(*option->open_process(0.0), 20);
  for (std::size_t hour = 0; hour < before.size(); ++hour) CHECK(after[hour] == Approx(before[hour] / 2).epsilon(0.05));
}

TEST_CASE("arrival options: of a closed loop the users are scaled, of a trace the speed of the replay",
          "[models][workload]") {
  const auto loop = chosen_option(arrival_options(), "closed_loop", {{"concurrency", 8.0}, {"requests", 50.0}});
  loop->scale_rate(1.3);
  CHECK(loop->closed_loop()->concurrency == 10);  // 10.4
  CHECK(loop->closed_loop()->requests == 50);
  loop->scale_rate(0.01);
  CHECK(loop->closed_loop()->concurrency == 1);
  CHECK_THROWS_AS(loop->scale_rate(2e7), std::invalid_argument);
  CHECK(loop->closed_loop()->concurrency == 1);
  const auto trace =
      chosen_option(arrival_options(), "trace",
                    {{"format", std::string("mooncake")}, {"path", std::string("a.jsonl")}, {"rate_scale", 2.0}});
  trace->scale_rate(1.5);
  CHECK(trace->trace()->rate_scale == 3.0);
  CHECK_THROWS_AS(trace->scale_rate(1e6), std::invalid_argument);
  CHECK(trace->trace()->rate_scale == 3.0);
}

TEST_CASE("random streams: the engine is the standard's 64-bit Mersenne Twister", "[models][workload]") {
  RandomEngine random(5489);
  random.discard(9999);
  CHECK(random() == 9981545732273789042u);  // ISO C++ [rand.predef]: the 10,000th number of a default engine
}

TEST_CASE("arrivals: dates rise, and depend on the seed and the stream's name only", "[models][workload][law]") {
  for (const auto& [kind, values] : kOpenProcesses) {
    CAPTURE(std::string(kind));
    const std::vector<double> once = dates(*process(kind, values), 1000);
    CHECK(once.front() > 0.0);
    CHECK(std::is_sorted(once.begin(), once.end()));
    CHECK(once == dates(*process(kind, values), 1000));
    CHECK(once != dates(*process(kind, values), 1000, "workload/code/arrivals"));
  }
}

TEST_CASE("poisson arrivals: gaps are exponential with the mean 1/rate", "[models][workload]") {
  const double rate = GENERATE(0.01, 1.0, 25'000.0);
  const std::vector<double> list = gaps(dates(*process("poisson", {{"rate_per_s", rate}}), 200'000));
  const boost::math::exponential_distribution<double> law(rate);
  CHECK(kolmogorov_distance(list, [&](double gap) { return cdf(law, gap); }) < kKolmogorovLimit);
  CHECK_THAT(mean_of(list) * rate, WithinAbs(1.0, 4.0 / std::sqrt(200'000.0)));  // a gap's deviation is its mean
}

TEST_CASE("poisson arrivals: twice the rate is the same stream in half the time", "[models][workload][law]") {
  const std::vector<double> slow = dates(*process("poisson", {{"rate_per_s", 3.0}}), 1000);
  const std::vector<double> fast = dates(*process("poisson", {{"rate_per_s", 6.0}}), 1000);
  for (std::size_t i = 0; i < slow.size(); ++i) CHECK(fast[i] == slow[i] / 2.0);
}

TEST_CASE("gamma arrivals: gaps follow the gamma law with the mean 1/rate and the given cv", "[models][workload]") {
  const double cv = GENERATE(0.05, 0.5, 1.0, 1.5, 4.0);
  const double rate = 5.0;
  const std::vector<double> list = gaps(dates(*process("gamma", {{"rate_per_s", rate}, {"cv", cv}}), 200'000));
  const boost::math::gamma_distribution<double> law(1.0 / (cv * cv), cv * cv / rate);
  // Gaps are differences of dates: those below the dates' last digit come out as 0 and lift the distance at 0 only.
  std::vector<double> resolved;
  for (const double gap : list) {
    if (gap > 1e-9) resolved.push_back(gap);
  }
  const double lost = cdf(law, 1e-9);
  CHECK(kolmogorov_distance(resolved, [&](double gap) { return (cdf(law, gap) - lost) / (1.0 - lost); }) <
        kKolmogorovLimit);
  CHECK_THAT(mean_of(list) * rate, WithinAbs(1.0, 4.0 * cv / std::sqrt(200'000.0)));
  // The kurtosis of the law is 3 + 6 cv^2, so the relative error of a sample's deviation is sqrt((2 + 6 cv^2) / 4n).
  CHECK_THAT(deviation_of(list) * rate, WithinRel(cv, 4.0 * std::sqrt((2.0 + 6.0 * cv * cv) / 800'000.0)));
}

TEST_CASE("diurnal arrivals: each hour gets the integral of the cosine over it", "[models][workload]") {
  const double start_hour = GENERATE(0.0, 9.25);
  constexpr int kDays = 40;
  const auto arrivals =
      process("diurnal", {{"mean_rate_per_s", 0.5}, {"peak_hour_local", 15.0}, {"peak_to_mean", 1.8}}, start_hour);
  const std::array<double, 24> counts = counts_by_hour(*arrivals, kDays);
  const double turn = boost::math::constants::two_pi<double>() / 24.0;
  double total = 0.0;
  for (int hour = 0; hour < 24; ++hour) {
    // 0.5/s over 3600 s is 1800 at the mean; the integral of cos over the hour is the difference of the sines / turn.
    const double from = (start_hour + hour - 15.0) * turn;
    const double expected = kDays * 1800.0 * (1.0 + 0.8 * (std::sin(from + turn) - std::sin(from)) / turn);
    CAPTURE(hour, start_hour);
    CHECK_THAT(counts[static_cast<std::size_t>(hour)], WithinAbs(expected, 4.0 * std::sqrt(expected)));
    total += counts[static_cast<std::size_t>(hour)];
  }
  CHECK_THAT(total, WithinAbs(kDays * 43'200.0, 4.0 * std::sqrt(kDays * 43'200.0)));
}

TEST_CASE("diurnal arrivals: without a swing they are Poisson", "[models][workload]") {
  const std::vector<double> list = gaps(
      dates(*process("diurnal", {{"mean_rate_per_s", 2.0}, {"peak_hour_local", 3.0}, {"peak_to_mean", 1.0}}), 100'000));
  const boost::math::exponential_distribution<double> law(2.0);
  CHECK(kolmogorov_distance(list, [&](double gap) { return cdf(law, gap); }) < kKolmogorovLimit);
}

TEST_CASE("diurnal arrivals: hourly multipliers shape the day and leave its mean", "[models][workload]") {
  // Open from 8 to 20 only, and twice as busy from 12 to 14: 10 hours of weight 1 and 2 of weight 2 share the day's
  // 24 * 3600 * 0.5 = 43,200 requests, so an hour of weight 1 gets 43,200 / 14 = 3085.7.
  std::vector<double> multipliers(24, 0.0);
  for (std::size_t hour = 8; hour < 20; ++hour) multipliers[hour] = hour == 12 || hour == 13 ? 2.0 : 1.0;
  constexpr int kDays = 20;
  const auto arrivals = process("diurnal", {{"mean_rate_per_s", 0.5},
                                            {"peak_hour_local", 12.0},
                                            {"peak_to_mean", 1.0},
                                            {"hourly_multipliers", multipliers}});
  const std::array<double, 24> counts = counts_by_hour(*arrivals, kDays);
  for (std::size_t hour = 0; hour < 24; ++hour) {
    const double expected = kDays * 43'200.0 / 14.0 * multipliers[hour];
    CAPTURE(hour);
    CHECK_THAT(counts[hour], WithinAbs(expected, 4.0 * std::sqrt(expected)));
  }
}

TEST_CASE("diurnal arrivals: impossible multipliers are refused", "[models][workload]") {
  const std::vector<double> multipliers =
      GENERATE(std::vector<double>(23, 1.0), std::vector<double>(24, 0.0), std::vector<double>());
  CHECK_THROWS_AS(process("diurnal", {{"mean_rate_per_s", 0.5},
                                      {"peak_hour_local", 12.0},
                                      {"peak_to_mean", 1.5},
                                      {"hourly_multipliers", multipliers}}),
                  std::invalid_argument);
}

}  // namespace tokenworks::workload
