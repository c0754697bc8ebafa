#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models/workload/length_distribution.hpp"
#include "tests/catch.hpp"
#include "tests/models/workload/chosen_option.hpp"
#include "tests/models/workload/goodness_of_fit.hpp"
#include "tests/workload/trace_files.hpp"

namespace tokenworks::jobs {
namespace {

const std::string kFolder = TOKENWORKS_SOURCE_DIR "/models/catalog/lengths/";

workload::LengthTable table_in(const std::filesystem::path& path) {
  const nlohmann::json entry = nlohmann::json::parse(std::ifstream(path));
  return {entry.at("title"), entry.at("shares"), entry.at("tokens"), {}};
}

std::vector<double> draws(const workload::LengthTable& table, int count) {
  const auto choice = chosen_option(workload::length_options(), "table", {{"name", std::string("it")}});
  const auto sampler = choice->sampler([&](const std::string&) { return &table; });
  RandomEngine random = random_stream(7, "workload/chat/input");
  std::vector<double> list(static_cast<std::size_t>(count));
  for (double& length : list) length = sampler->draw(random);
  return list;
}

/// Greatest difference of the shares that are not longer than a length.
double greatest_distance(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double distance = 0.0;
  for (const double length : a) {
    const auto share = [&](const std::vector<double>& list) {
      return static_cast<double>(std::upper_bound(list.begin(), list.end(), length) - list.begin()) /
             static_cast<double>(list.size());
    };
    distance = std::max(distance, std::abs(share(a) - share(b)));
  }
  return distance;
}

}  // namespace

TEST_CASE("length catalog: every entry is a distribution with its sources", "[models][workload]") {
  int entries = 0;
  for (const auto& file : std::filesystem::directory_iterator(kFolder)) {
    CAPTURE(file.path().string());
    const workload::LengthTable table = table_in(file.path());
    CHECK(!table.title.empty());
    CHECK(draws(table, 1000).size() == 1000);
    const nlohmann::json entry = nlohmann::json::parse(std::ifstream(file.path()));
    REQUIRE(!entry.at("sources").empty());
    CHECK(entry.at("sources").at(0).at("source").get<std::string>().find("CC-BY 4.0") != std::string::npos);
    ++entries;
  }
  CHECK(entries >= 4);
}

TEST_CASE("length catalog: the Azure 2023 tables draw what the traces hold", "[models][workload][validation]") {
  struct Entry {
    std::string table, trace;
    std::int32_t TraceRecord::*tokens;
  };
  const Entry entry =
      GENERATE(Entry{"azure_llm_2023_conversation_input", "azure_llm_2023_conv.csv", &TraceRecord::input_tokens},
               Entry{"azure_llm_2023_conversation_output", "azure_llm_2023_conv.csv", &TraceRecord::output_tokens},
               Entry{"azure_llm_2023_code_input", "azure_llm_2023_code.csv", &TraceRecord::input_tokens},
               Entry{"azure_llm_2023_code_output", "azure_llm_2023_code.csv", &TraceRecord::output_tokens});
  const std::optional<std::string> path = shared_data("traces/" + entry.trace);
  if (!path) {
    WARN(skipped_without("traces/" + entry.trace));
    return;
  }
  CAPTURE(entry.table);
  std::vector<double> recorded;
  for (const TraceRecord& record : read_all(*open_trace("azure_llm_2023", *path)))
    recorded.push_back(record.*entry.tokens);
  const workload::LengthTable table = table_in(kFolder + entry.table + ".json");

  CHECK(table.tokens.front() == *std::min_element(recorded.begin(), recorded.end()));
  CHECK(table.tokens.back() == *std::max_element(recorded.begin(), recorded.end()));
  double area = 0.0;
  for (std::size_t i = 1; i < table.shares.size(); ++i) {
    area += (table.shares[i] - table.shares[i - 1]) * (table.tokens[i] + table.tokens[i - 1]) / 2.0;
  }
  CHECK_THAT(area, WithinRel(mean_of(recorded), 0.005));

  constexpr int kDraws = 1'000'000;
  const std::vector<double> drawn = draws(table, kDraws);
  const double error = 4.0 * deviation_of(recorded) / std::sqrt(double{kDraws});
  CHECK_THAT(mean_of(drawn), WithinAbs(mean_of(recorded), 0.005 * mean_of(recorded) + error));
  CHECK_THAT(deviation_of(drawn), WithinRel(deviation_of(recorded), 0.03));  // the code trace's far tail is thin
  CHECK(greatest_distance(drawn, recorded) < 0.01);
}

}  // namespace tokenworks::jobs
