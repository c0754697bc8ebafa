#include "sim/report/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "sim/report/build_info.hpp"
#include "tests/catch.hpp"
#include "tests/report/sample_run.hpp"

using namespace tokenworks;
using namespace tokenworks::report;
using Json = nlohmann::ordered_json;

namespace {

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) names.push_back(item.key());
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("report: top-level keys stand in the order of the format", "[sim][report]") {
  const Json report = report_json(sample_run(), {{"name", "x"}}, sample_provenance());
  CHECK(keys(report) == Names{"format", "scenario", "provenance", "outcome", "summary", "services", "sessions", "power",
                              "cooling", "water", "carbon", "cost", "network", "storage", "incidents", "assumptions",
                              "validity", "series"});
  CHECK(report["format"] == "tokenworks.report/1");
  CHECK(report["scenario"]["name"] == "x");
  CHECK(keys(report["services"][0]["requests"]) ==
        Names{"arrived", "completed", "rejected", "failed", "cancelled", "timed_out", "sent_on", "unfinished"});
  CHECK(keys(report["services"][0]["ttft_s"]) == Names{"mean", "p50", "p90", "p95", "p99", "max"});
}

TEST_CASE("report: rates and ratios of a run computed by hand", "[sim][report]") {
  const Json report = report_json(sample_run(), {}, sample_provenance());
  const Json& chat = report["services"][0];
  CHECK(chat["output_tokens_per_s"] == 100.0);          // 50,000 / 500 s
  CHECK(chat["output_tokens_per_s_per_gpu"] == 12.5);   // ... / 8
  CHECK(chat["total_tokens_per_s_per_gpu"] == 37.5);    // 150,000 / 500 s / 8
  CHECK(chat["requests_per_s"] == 0.02);                // 10 / 500 s
  CHECK(chat["kv_cache"]["prefix_hit_share"] == 0.25);  // 40,000 / 160,000
  CHECK(chat["speculation"]["draft_tokens"] == 3);
  CHECK(chat["speculation"]["mean_accepted"] == 2.4);
  CHECK(chat["speculation"]["verified_steps"] == 32'000);
  CHECK(report["sessions"][0]["cached_share"] == 0.95);                           // 95,000 / 100,000
  CHECK(report["sessions"][0]["electricity_usd_per_completed_session"] == 0.08);  // 0.4 USD / 5
  const Json& summary = report["summary"];
  CHECK(summary["output_tokens_per_s"] == 100.0);
  CHECK(summary["mean_it_w"] == 10'000.0);                  // 1e7 J / 1,000 s
  CHECK(summary["output_tokens_per_joule"] == 0.0064);      // 80,000 / 1.25e7 J
  CHECK(summary["usd_per_million_output_tokens"] == 25.0);  // 2 USD / 0.08 million
  CHECK(summary["usd_contains"] == Json::array({"electricity"}));
  CHECK(summary["ttft_p99_s"] == 1.25);
  CHECK_THAT(report["carbon"]["cue_kg_per_kwh"].get<double>(), WithinRel(0.36, 1e-12));  // 1 kg / (1e7 J / 3.6e6)
  CHECK(report["outcome"] == Json({{"status", "completed"}, {"simulated_s", 1000.0}}));
}

TEST_CASE("report: a statistic of nothing is null", "[sim][report]") {
  const Json report = report_json(idle_run(), {}, sample_provenance());
  const Json& chat = report["services"][0];
  for (const char* key : {"ttft_s", "tpot_s", "itl_s", "e2e_s"}) {
    INFO(key);
    CHECK(keys(chat[key]) == Names{"mean", "p50", "p90", "p95", "p99", "max"});
    for (const auto& statistic : chat[key]) CHECK(statistic.is_null());
  }
  for (const char* key : {"output_tokens_per_s", "output_tokens_per_s_per_gpu", "requests_per_s"}) {
    INFO(key);
    CHECK(chat[key].is_null());
  }
  CHECK(chat["slo"]["attainment"].is_null());
  CHECK(chat["kv_cache"]["prefix_hit_share"].is_null());
  CHECK(chat["speculation"].is_null());
  for (const char* key : {"ttft_p99_s", "tpot_p99_s", "slo_attainment", "mean_it_w", "pue", "output_tokens_per_joule",
                          "usd_per_million_output_tokens"}) {
    INFO(key);
    CHECK(report["summary"][key].is_null());
  }
  CHECK(report["incidents"] == Json::array());
  CHECK(report["power"]["energy_by_j"] == Json::object());
}

TEST_CASE("report: what moved stands under network and storage, in the order of the format", "[sim][report]") {
  const Json report = report_json(sample_run(), {}, sample_provenance());
  const Json& network = report["network"];
  CHECK(keys(network) == Names{"fabric", "scale_up", "bytes", "congestion_share", "bytes_by_purpose", "traffic",
                               "busiest_links", "energy_j"});
  CHECK(keys(network["fabric"]) == Names{"kind", "routing", "detail", "contention", "nodes", "switches", "links",
                                         "cables", "bisection_gb_per_s", "all_to_all_gb_per_s_per_node", "latency_s",
                                         "single_points_of_failure", "biconnected_components", "full_w", "price_usd",
                                         "bill_of_materials"});
  CHECK(network["fabric"]["bisection_gb_per_s"] == 50.0);
  CHECK(network["fabric"]["full_w"] == 2640.0);        // 2,100 + 540
  CHECK(network["fabric"]["price_usd"] == 126'000.0);  // 90,000 + 36,000
  CHECK(keys(network["fabric"]["bill_of_materials"][0]) ==
        Names{"part", "category", "count", "idle_w", "full_w", "price_usd"});
  CHECK(keys(network["bytes_by_purpose"][0]) ==
        Names{"purpose", "bytes", "transfers", "failed", "duration_s", "congestion_share"});
  CHECK(keys(network["traffic"][0]) ==
        Names{"name", "kind", "completed", "skipped", "failed", "duration_s", "blocking_s"});
  CHECK(network["busiest_links"][0] == Json({{"link", "leaf_0 > spine_0"},
                                             {"capacity_gb_per_s", 50.0},
                                             {"bytes", 6e11},
                                             {"mean_utilisation", 0.012},
                                             {"peak_utilisation", 0.9999}}));
  double bytes = 0;
  for (const Json& purpose : network["bytes_by_purpose"]) bytes += purpose["bytes"].get<double>();
  CHECK(bytes == network["bytes"]);
  const Json& storage = report["storage"];
  CHECK(keys(storage) == Names{"kind", "reads", "writes", "energy_j"});
  CHECK(keys(storage["reads"]) == Names{"transfers", "bytes", "duration_s"});
  CHECK(storage["writes"]["duration_s"]["p99"] == 9.5);
  // Nothing was measured.
  CHECK(network["bytes_by_purpose"][1]["congestion_share"].is_null());
  CHECK(network["traffic"][1]["duration_s"]["mean"].is_null());
}

TEST_CASE("report: without fabric and storage their parts say nothing", "[sim][report]") {
  const Json report = report_json(idle_run(), {}, sample_provenance());
  const Json& network = report["network"];
  CHECK(network["fabric"].is_null());
  CHECK(network["congestion_share"].is_null());
  for (const char* key : {"bytes_by_purpose", "traffic", "busiest_links"}) CHECK(network[key] == Json::array());
  CHECK(network["bytes"] == 0.0);
  CHECK(network["energy_j"] == 0.0);
  const Json& storage = report["storage"];
  CHECK(storage["kind"].is_null());
  CHECK(storage["energy_j"] == 0.0);
  for (const char* key : {"reads", "writes"}) {
    CHECK(storage[key]["transfers"] == 0);
    CHECK(storage[key]["bytes"] == 0.0);
    CHECK(storage[key]["duration_s"]["p99"].is_null());
  }
}

TEST_CASE("report: an interrupted run says so", "[sim][report]") {
  metrics::RunResult run = sample_run();
  run.interrupted = true;
  CHECK(report_json(run, {}, sample_provenance())["outcome"]["status"] == "interrupted");
}

TEST_CASE("report: the summary of several services adds rates and names the worst latency", "[sim][report]") {
  metrics::RunResult run = sample_run();
  run.services.push_back(run.services[0]);
  run.services[1].ttft_s->p99 = 3.0;
  run.services[1].tpot_s.reset();
  run.services[1].slo_attainment = 0.5;
  const Summary summary = summarize(run);
  CHECK(summary.output_tokens_per_s == 200.0);
  CHECK(summary.ttft_p99_s == 3.0);
  CHECK(summary.tpot_p99_s == 0.0425);
  CHECK(summary.slo_attainment == 0.5);
  CHECK(summary.output_tokens_per_joule == 0.0128);
}

TEST_CASE("report: who vouches for what is listed", "[sim][report]") {
  const Json report = report_json(sample_run(), {}, sample_provenance());
  CHECK(report["provenance"]["seed"] == 7);
  CHECK(report["provenance"]["inputs"][0] == Json({{"path", "scenario.json"}, {"sha256", std::string(64, 'a')}}));
  const Json& entry = report["provenance"]["catalog"][0];
  CHECK(entry["id"] == "h100_sxm5");
  CHECK(entry["sources"][0]["evidence"] == "V");
  CHECK(entry["sources"][0]["fields"] == Json::array({"memory_gb"}));
  CHECK(report["assumptions"][0]["evidence"] == "E");
  CHECK(report["validity"][0] == Json({{"subject", "gpu power: batch [1]"},
                                       {"worst", 300.0},
                                       {"minimum", 1.0},
                                       {"maximum", 256.0},
                                       {"count", 12}}));
  CHECK(report["incidents"][0]["repaired_at_s"] == 900.0);
  CHECK(report["incidents"][1]["repaired_at_s"].is_null());
}

TEST_CASE("report: equal results give equal bytes", "[sim][report]") {
  CHECK(report_json(sample_run(), {{"seed", 7}}, sample_provenance()).dump(2) ==
        report_json(sample_run(), {{"seed", 7}}, sample_provenance()).dump(2));
}

TEST_CASE("report: what differs from run to run is in run.json alone", "[sim][report]") {
  const Json run = run_json(sample_run(), {.wall_s = 0.5, .events = 1000, .peak_memory_bytes = 4096});
  CHECK(run["events_per_s"] == 2000.0);
  CHECK(run["requests_per_s"] == 50.0);  // 25 arrived / 0.5 s
  CHECK(run["simulated_s_per_wall_s"] == 2000.0);
  CHECK(run["peak_memory_bytes"] == 4096);
  const std::string report = report_json(sample_run(), {}, sample_provenance()).dump();
  for (const char* key : {"wall_s", "events_per_s", "peak_memory"}) CHECK(report.find(key) == std::string::npos);
}

TEST_CASE("series: RFC 4180 with empty cells for nothing", "[sim][report]") {
  metrics::RunResult run = sample_run();
  CHECK(series_csv(run) == "start_s,output_tokens_per_s\r\n0,0.1\r\n500,123456789.125\r\n1000,\r\n");
  run.columns[1].name = "tokens, \"out\"";
  CHECK(series_csv(run).substr(0, 30) == "start_s,\"tokens, \"\"out\"\"\"\r\n0,0");
  const Json series = report_json(run, {}, sample_provenance())["series"];
  CHECK(series["rows"] == 3);
  CHECK(keys(series["columns"][0]) == Names{"name", "unit", "meaning", "aggregation"});
}

TEST_CASE("series: every number reads back as the same double", "[sim][report][law]") {
  metrics::RunResult run;
  run.columns = {{"x", "1", "anything", "end"}};
  std::uint64_t bits = 88172645463325252u;  // Marsaglia's xorshift64: bit patterns of all magnitudes
  for (int i = 0; i < 2000; ++i) {
    bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
    double value;
    static_assert(sizeof value == sizeof bits);
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) run.rows.push_back({value});
  }
  REQUIRE(run.rows.size() > 1900);
  const std::string csv = series_csv(run);
  std::size_t at = csv.find('\n') + 1;
  for (const auto& row : run.rows) {
    const std::size_t end = csv.find('\r', at);
    REQUIRE(std::strtod(csv.substr(at, end - at).c_str(), nullptr) == row[0]);
    at = end + 2;
  }
  CHECK(at == csv.size());
}

TEST_CASE("build info: version and revision have their form", "[sim][report]") {
  const BuildInfo info = build_info();
  CHECK(std::count(info.version.begin(), info.version.end(), '.') == 2);
  std::string revision(info.git_revision);
  if (revision.ends_with("-dirty")) revision.resize(revision.size() - 6);
  const bool is_hash = revision.size() == 40 && revision.find_first_not_of("0123456789abcdef") == std::string::npos;
  CHECK((is_hash || revision == "unknown"));
}
