#include "sim/report/summary.hpp"

#include <algorithm>
#include <sstream>

#include "tests/catch.hpp"
#include "tests/report/sample_run.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using namespace tokenworks::report;

namespace {

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto columns = std::count_if(line.begin(), line.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; });
    longest = std::max(longest, static_cast<std::size_t>(columns));
  }
  return longest;
}

}  // namespace

TEST_CASE("summary: numbers get the prefix that fits", "[sim][report]") {
  CHECK(scaled(15'230, "W") == "15.2 kW");
  CHECK(scaled(999.4, "W") == "999 W");
  CHECK(scaled(999.9, "W") == "1.00 kW");  // not 1,000 W
  CHECK(scaled(128.4e6, "W") == "128 MW");
  CHECK(scaled(0.0123, "s") == "12.3 ms");
  CHECK(scaled(0.00009, "s") == "90.0 µs");
  CHECK(scaled(5400, "s") == "5,400 s");  // no kiloseconds
  CHECK(scaled(0, "W") == "0 W");
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(19'366) == "19,366");
  CHECK(grouped(-1'000'000) == "-1,000,000");
}

TEST_CASE("summary: says what a planner asks first", "[sim][report]") {
  const std::string text = summary_text(sample_run(), {"chat-on-one-node", "out/report.json", 0.25}, false);
  INFO(text);
  for (const char* part : {"chat-on-one-node",
                           "1,000 s simulated in 250 ms",
                           "chat (llm, 8 GPUs)",
                           "100 tokens/s (12.5 per GPU)",
                           "20 of 25 completed, 4 rejected, 1 unfinished",
                           "3 longer than context, 1 queue full",
                           "p50 400 ms",
                           "p99 1.25 s",
                           "p50 18.5 ms",
                           "p99 42.5 ms",
                           "95.0 %",
                           "Backlog                 requests are turned away",
                           "Preempted               2 requests, 12,000 tokens to host memory",
                           "Adapters                loaded 1,500 times, steps wait 2.50 s",
                           "mean 10.0 kW",
                           "peak 15.2 kW",
                           "1.250",
                           "0.0064 output tokens per joule",
                           "25.0 USD per million output tokens, electricity only",
                           "Sessions of agents",
                           "5 of 9 completed, 1 failed, 3 unfinished",
                           "120, 30 of sub-agents, 2 rejected",
                           "p50 300 s",
                           "1 assumption and 1 validity note",
                           "Report: out/report.json"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find("INTERRUPTED") == std::string::npos);
  CHECK(text.find('\033') == std::string::npos);
  CHECK(summary_text(sample_run(), {"x", "", 0}, true).find("\033[1m") != std::string::npos);
}

TEST_CASE("summary: says what moved, how it was held up and what went wrong", "[sim][report]") {
  const std::string text = summary_text(sample_run(), {"x", "", 0}, false);
  INFO(text);
  for (const char* part :
       {"Network (fat_tree, 2 nodes, 3 switches)", "1.00 TB", "12.5 % of transfer time",
        "mean 1.2 %, peak 99.9 %: leaf_0 > spine_0", "mean 2.00 kW",  // 2e6 J / 1,000 s
        "2 single points of failure", "Storage (parallel_file_system)", "600 GB in 8 transfers, p99 5.00 s",
        "400 GB in 3 transfers, p99 9.50 s", "node_failure row_a/0 at 300 s: repaired after 600 s\n",
        "node_failure row_a/1 at 990 s: not repaired\n",
        "weight_load chat at 100 s: done after 12.0 s, 2 nodes, 600 GB\n",
        "link_flap leaf_0--spine_0 at 200 s: repaired after 41.0 s, 5 times,\n    1,234 transfers stopped\n",
        "model_swap chat at 300 s: done after 475 s, 4 replicas swapped,\n    tpot ratio 0.425, canary 343 s\n",
        "switch_failure spine_0 at 999 s: did not happen\n"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("summary: is silent on networks, storage and incidents that are not there", "[sim][report]") {
  const std::string text = summary_text(idle_run(), {"x", "", 0}, false);
  for (const char* heading : {"Network", "Storage", "Incidents"}) CHECK(text.find(heading) == std::string::npos);
  metrics::RunResult written_only = idle_run();
  written_only.storage.writes = 1;
  const std::string of_writes = summary_text(written_only, {"x", "", 0}, false);
  CHECK(of_writes.find("Written") != std::string::npos);
  CHECK(of_writes.find("  Read ") == std::string::npos);
}

TEST_CASE("summary: fits 80 columns whatever it has to say", "[sim][report]") {
  metrics::RunResult run = sample_run();
  metrics::ServiceResult& chat = run.services[0];
  chat.name = std::string(200, 'n');
  chat.requests = {123'456'789, 100'000'000, 1'234'567, 1'234'567, 1'234'567, 1'234'567, 1'234'567};
  chat.window_output_tokens = 9'000'000'000'000;
  chat.ttft_s = metrics::LatencySummary{123456, 123456, 123456, 123456, 123456, 123456};
  chat.goodput_requests_per_s = 123456.7;
  run.electricity_usd = 1e12;
  run.network.fabric->kind = std::string(200, 'k');
  run.network.busiest_links[0].name = std::string(200, 'l');
  run.storage.kind = std::string(200, 's');
  run.sessions[0].workload = std::string(200, 'w');
  run.incidents[0].target = std::string(200, 't');
  CHECK(longest_line(summary_text(run, {"große-" + std::string(200, 'x'), "", 12345.6}, false)) <= 80);
  CHECK(longest_line(summary_text(idle_run(), {"idle", "", 0}, false)) <= 80);
}

TEST_CASE("summary: a promise broken once is not shown as kept by all", "[sim][report]") {
  metrics::RunResult run = sample_run();
  run.services[0].slo_attainment = 0.99999;
  CHECK(summary_text(run, {}, false).find("99.9 %") != std::string::npos);
  run.services[0].slo_attainment = 1;
  CHECK(summary_text(run, {}, false).find("100.0 %") != std::string::npos);
}

TEST_CASE("summary: a file gets no colour", "[sim][report]") {
  const TemporaryFolder home;
  std::FILE* out = std::fopen((home.path() / "summary.txt").c_str(), "w");
  REQUIRE(out != nullptr);
  CHECK_FALSE(colour_wanted(out));
  print_summary(out, sample_run(), {"plain", "", 0});
  std::fclose(out);
  const std::string text = content_of(home.path() / "summary.txt");
  CHECK(text == summary_text(sample_run(), {"plain", "", 0}, false));
}
