#include "sim/jobs/workload/open_stream.hpp"

#include <algorithm>
#include <limits>

#include "tests/catch.hpp"
#include "tests/models/workload/chosen_option.hpp"

namespace tokenworks::jobs {
namespace {

const workload::LengthTable* no_table(const std::string&) { return nullptr; }

Choice<workload::LengthDistribution> geometric(double mean_tokens) {
  return chosen_option(workload::length_options(), "geometric", {{"mean_tokens", mean_tokens}});
}

OpenStream stream(double rate_per_s, double mean_input, double mean_output, std::string_view name, double until_s,
                  std::uint64_t seed = 7) {
  return OpenStream(
      chosen_option(workload::arrival_options(), "poisson", {{"rate_per_s", rate_per_s}})->open_process(0.0),
      LengthSource(*geometric(mean_input), *geometric(mean_output), &no_table, seed, name), seed, name,
      to_picoseconds(until_s));
}

std::vector<Request> all_of(OpenStream requests) {
  std::vector<Request> list;
  while (const std::optional<Request> request = requests.next()) list.push_back(*request);
  CHECK(!requests.next().has_value());
  return list;
}

template <class T>
std::vector<T> column(const std::vector<Request>& requests, T Request::*member) {
  std::vector<T> list;
  for (const Request& request : requests) list.push_back(request.*member);
  return list;
}

/// Never sends.
class Silence final : public workload::ArrivalProcess {
 public:
  double next_s(RandomEngine&) override { return std::numeric_limits<double>::infinity(); }
};

}  // namespace

TEST_CASE("open stream: dates rise and lie before the end; lengths are one token or more", "[sim][workload][law]") {
  const std::vector<Request> requests = all_of(stream(1000.0, 3.0, 2.0, "chat", 20.0));
  CHECK(requests.size() > 19'000);
  CHECK(requests.back().arrival < to_picoseconds(20.0));
  CHECK(std::is_sorted(requests.begin(), requests.end(),
                       [](const Request& a, const Request& b) { return a.arrival < b.arrival; }));
  for (const Request& request : requests) {
    REQUIRE(request.input_tokens >= 1);
    REQUIRE(request.output_tokens >= 1);
  }
}

TEST_CASE("open stream: a longer run begins with the shorter one", "[sim][workload][law]") {
  const std::vector<Request> whole = all_of(stream(10.0, 30.0, 20.0, "chat", 100.0));
  const std::vector<Request> part = all_of(stream(10.0, 30.0, 20.0, "chat", 40.0));
  REQUIRE(part.size() < whole.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    CHECK(part[i].arrival == whole[i].arrival);
    CHECK(part[i].input_tokens == whole[i].input_tokens);
    CHECK(part[i].output_tokens == whole[i].output_tokens);
  }
}

TEST_CASE("open stream: dates, inputs and outputs are drawn from streams of their own", "[sim][workload][law]") {
  const std::vector<Request> base = all_of(stream(10.0, 30.0, 20.0, "chat", 50.0));
  const std::vector<Request> longer_answers = all_of(stream(10.0, 30.0, 200.0, "chat", 50.0));
  CHECK(column(base, &Request::arrival) == column(longer_answers, &Request::arrival));
  CHECK(column(base, &Request::input_tokens) == column(longer_answers, &Request::input_tokens));
  CHECK(column(base, &Request::output_tokens) != column(longer_answers, &Request::output_tokens));

  const std::vector<Request> other_name = all_of(stream(10.0, 30.0, 20.0, "code", 50.0));
  CHECK(column(base, &Request::arrival) != column(other_name, &Request::arrival));
  const std::vector<Request> other_seed = all_of(stream(10.0, 30.0, 20.0, "chat", 50.0, 8));
  CHECK(column(base, &Request::arrival) != column(other_seed, &Request::arrival));
  const std::vector<Request> same_law = all_of(stream(10.0, 20.0, 20.0, "chat", 50.0));
  CHECK(column(same_law, &Request::input_tokens) != column(same_law, &Request::output_tokens));
}

TEST_CASE("open stream: a process that sends no more ends it, even without an end of the clock", "[sim][workload]") {
  OpenStream silent(std::make_unique<Silence>(), LengthSource(*geometric(2.0), *geometric(2.0), &no_table, 7, "chat"),
                    7, "chat", kNever);
  CHECK(!silent.next().has_value());
}

}  // namespace tokenworks::jobs
