#include "sim/jobs/workload/trace_stream.hpp"

#include <rapidcheck.h>

#include <cmath>
#include "sim/jobs/workload/input_error.hpp"
#include "tests/catch.hpp"
#include "tests/scenario/property.hpp"
#include "tests/workload/trace_files.hpp"

namespace tokenworks::jobs {
namespace {

using scenario::holds;

std::vector<Request> all_of(RequestStream& stream) {
  std::vector<Request> requests;
  while (const std::optional<Request> request = stream.next()) requests.push_back(*request);
  CHECK(!stream.next().has_value());  // it stays at its end
  return requests;
}

workload::TraceFile csv_trace(const WrittenFile& file) {
  workload::TraceFile trace;
  trace.format = "tokenworks_csv";
  trace.path = file.path();
  return trace;
}

std::vector<Request> replay(const workload::TraceFile& trace, double until_s = 1e6) {
  TraceStream stream(trace, to_picoseconds(until_s));
  return all_of(stream);
}

std::vector<double> arrivals_s(const std::vector<Request>& requests) {
  std::vector<double> list;
  for (const Request& request : requests) list.push_back(to_seconds(request.arrival));
  return list;
}

using Dates = std::vector<double>;

constexpr std::string_view kFive =
    "arrival_s,input_tokens,output_tokens\n10,1,11\n11,2,12\n13,3,13\n13,4,14\n18,5,15\n";

/// A trace of random gaps in milliseconds, with a request number as its input length.
std::string trace_text(const std::vector<unsigned short>& gaps_ms) {
  std::string text = "arrival_s,input_tokens,output_tokens\n";
  std::int64_t date_ms = 0;
  std::int64_t number = 0;
  for (const unsigned short gap : gaps_ms) {
    date_ms += gap;
    text += std::to_string(date_ms) + "e-3," + std::to_string(++number) + ",1\n";
  }
  return text;
}

}  // namespace

TEST_CASE("trace stream: dates count from the first request", "[sim][workload]") {
  const WrittenFile file(kFive);
  const std::vector<Request> requests = replay(csv_trace(file));
  CHECK(arrivals_s(requests) == Dates{0, 1, 3, 3, 8});
  CHECK(requests.back().input_tokens == 5);
  CHECK(requests.back().output_tokens == 15);
}

TEST_CASE("trace stream: requests arrive before the end of the clock", "[sim][workload]") {
  const WrittenFile file(kFive);
  CHECK(arrivals_s(replay(csv_trace(file), 3.0)) == Dates{0, 1});
  CHECK(arrivals_s(replay(csv_trace(file), 3.1)) == Dates{0, 1, 3, 3});
}

TEST_CASE("trace stream: a window holds its start and not its end, and becomes the start of the run",
          "[sim][workload]") {
  const WrittenFile file(kFive);
  workload::TraceFile trace = csv_trace(file);
  trace.start_s = 0.5;
  CHECK(arrivals_s(replay(trace)) == Dates{0.5, 2.5, 2.5, 7.5});
  trace.start_s = 1.0;
  trace.duration_s = 7.0;
  CHECK(arrivals_s(replay(trace)) == Dates{0, 2, 2});
  trace.duration_s = 7.0000001;
  CHECK(arrivals_s(replay(trace)) == Dates{0, 2, 2, 7});
}

TEST_CASE("trace stream: a loop of a window begins where the window ends", "[sim][workload]") {
  const WrittenFile file(kFive);
  workload::TraceFile trace = csv_trace(file);
  trace.start_s = 1.0;
  trace.duration_s = 4.0;
  trace.loop = true;
  CHECK(arrivals_s(replay(trace, 10.0)) == Dates{0, 2, 2, 4, 6, 6, 8});
  trace.duration_s = 20.0;  // longer than the trace: silence to the end of the window
  CHECK(arrivals_s(replay(trace, 25.0)) == Dates{0, 2, 2, 7, 20, 22, 22});
}

TEST_CASE("trace stream: a loop without a window begins one mean gap after the last request", "[sim][workload]") {
  const WrittenFile file(kFive);
  workload::TraceFile trace = csv_trace(file);
  trace.loop = true;
  // Four gaps in 8 s: 2 s on the mean, so a loop takes 10 s, and five requests in 10 s is the trace's rate.
  CHECK(arrivals_s(replay(trace, 21.0)) == Dates{0, 1, 3, 3, 8, 10, 11, 13, 13, 18, 20});
  trace.rate_scale = 4.0;
  CHECK(arrivals_s(replay(trace, 3.0)) == Dates{0, 0.25, 0.75, 0.75, 2, 2.5, 2.75});
}

TEST_CASE("trace stream: every loop repeats the first, later by the same time", "[sim][workload][law]") {
  REQUIRE(
      holds("trace stream: every loop repeats the first, later by the same time",
            [](const std::vector<unsigned short>& gaps_ms, unsigned char scale) {
              const WrittenFile file(trace_text(gaps_ms));
              workload::TraceFile trace = csv_trace(file);
              trace.rate_scale = (scale + 1) / 16.0;
              std::vector<Request> once;
              try {
                once = replay(trace);
              } catch (const InputError&) {
                RC_PRE(false);  // an empty trace
              }
              RC_PRE(once.size() >= 2 &&
                     once.back().arrival >= to_picoseconds(1e-3 / trace.rate_scale * static_cast<double>(once.size())));
              trace.loop = true;
              trace.duration_s = to_seconds(once.back().arrival) * trace.rate_scale + 1.0;
              const Picoseconds period = static_cast<Picoseconds>(
                  std::llround(static_cast<double>(to_picoseconds(*trace.duration_s)) / trace.rate_scale));
              const std::vector<Request> looped = replay(trace, to_seconds(period) * 3);
              RC_ASSERT(looped.size() >= 3 * once.size() - 1 && looped.size() <= 3 * once.size() + 1);
              for (std::size_t i = 0; i < std::min(looped.size(), 3 * once.size()); ++i) {
                const Request& original = once[i % once.size()];
                RC_ASSERT(looped[i].arrival == original.arrival + period * static_cast<Picoseconds>(i / once.size()));
                RC_ASSERT(looped[i].input_tokens == original.input_tokens);
              }
            }));
}

TEST_CASE("trace stream: twice the rate halves every date and changes nothing else", "[sim][workload][law]") {
  REQUIRE(holds("trace stream: twice the rate halves every date and changes nothing else",
                [](const std::vector<unsigned short>& gaps_ms) {
                  RC_PRE(!gaps_ms.empty());
                  const WrittenFile file(trace_text(gaps_ms));
                  workload::TraceFile trace = csv_trace(file);
                  const std::vector<Request> recorded = replay(trace);
                  trace.rate_scale = 2.0;
                  const std::vector<Request> doubled = replay(trace);
                  RC_ASSERT(doubled.size() == recorded.size());
                  for (std::size_t i = 0; i < recorded.size(); ++i) {
                    RC_ASSERT(doubled[i].arrival * 2 ==
                              recorded[i].arrival);  // milliseconds: even numbers of picoseconds
                    RC_ASSERT(doubled[i].input_tokens == recorded[i].input_tokens);
                    RC_ASSERT(doubled[i].output_tokens == recorded[i].output_tokens);
                  }
                }));
}

TEST_CASE("trace stream: streaming equals reading the whole file and cutting the window", "[sim][workload][law]") {
  REQUIRE(holds("trace stream: streaming equals reading the whole file and cutting the window",
                [](const std::vector<unsigned short>& gaps_ms, unsigned short start_ms, unsigned short duration_ms) {
                  const WrittenFile file(trace_text(gaps_ms));
                  workload::TraceFile trace = csv_trace(file);
                  trace.start_s = start_ms * 1e-3;
                  trace.duration_s = (duration_ms + 1) * 1e-3;
                  const Picoseconds start = to_picoseconds(trace.start_s),
                                    end = start + to_picoseconds(*trace.duration_s);
                  std::vector<Request> expected;
                  for (const TraceRecord& record : read_all(*open_trace(trace.format, trace.path))) {
                    if (record.date >= start && record.date < end) {
                      expected.push_back({record.date - start, record.input_tokens, record.output_tokens});
                    }
                  }
                  RC_CLASSIFY(expected.empty());
                  if (expected.empty()) {
                    RC_ASSERT_THROWS_AS(replay(trace), InputError);
                    return;
                  }
                  const std::vector<Request> streamed = replay(trace);
                  RC_ASSERT(streamed.size() == expected.size());
                  for (std::size_t i = 0; i < expected.size(); ++i) {
                    RC_ASSERT(streamed[i].arrival == expected[i].arrival);
                    RC_ASSERT(streamed[i].input_tokens == expected[i].input_tokens);
                  }
                }));
}

TEST_CASE("trace stream: what cannot be replayed is a fault", "[sim][workload]") {
  const WrittenFile file(kFive);
  workload::TraceFile trace = csv_trace(file);
  trace.start_s = 9.0;
  CHECK_THROWS_AS(replay(trace), InputError);  // beyond the last request
  const WrittenFile one("arrival_s,input_tokens,output_tokens\n10,1,11\n");
  workload::TraceFile lone = csv_trace(one);
  CHECK(arrivals_s(replay(lone)) == Dates{0});
  lone.loop = true;
  CHECK_THROWS_AS(replay(lone), InputError);  // how long a loop takes is unknown
  lone.duration_s = 2.0;
  CHECK(arrivals_s(replay(lone, 5.0)) == Dates{0, 2, 4});
  const WrittenFile none("arrival_s,input_tokens,output_tokens\n");
  CHECK_THROWS_AS(replay(csv_trace(none)), InputError);
}

TEST_CASE("trace stream: dates beyond the clock's range end the stream", "[sim][workload]") {
  const WrittenFile file(kFive);
  workload::TraceFile trace = csv_trace(file);
  trace.rate_scale = 1e-9;  // the second request comes after 32 years
  TraceStream stream(trace, kNever);
  CHECK(all_of(stream).size() == 1);
}

TEST_CASE("trace stream: prompt blocks belong to the last request", "[sim][workload]") {
  const WrittenFile file("{\"timestamp\": 0, \"input_length\": 900, \"output_length\": 5, \"hash_ids\": [7, 8]}\n");
  workload::TraceFile trace;
  trace.format = "mooncake";
  trace.path = file.path();
  TraceStream keeping(trace, kNever, PromptBlocks::keep);
  REQUIRE(keeping.next().has_value());
  CHECK(std::vector<std::int64_t>(keeping.prompt_blocks().begin(), keeping.prompt_blocks().end()) ==
        std::vector<std::int64_t>{7, 8});
  TraceStream skipping(trace, kNever);
  REQUIRE(skipping.next().has_value());
  CHECK(skipping.prompt_blocks().empty());
}

}  // namespace tokenworks::jobs
