#include "sim/report/requests_file.hpp"

#include <zlib.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using namespace tokenworks::report;
namespace fs = std::filesystem;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;

RequestRow completed_row() {
  return {.service = "chat",
          .service_class = "gold",
          .tenant = "acme, \"inc\"",
          .session = 12,
          .arrival = 2 * kSecond,
          .first_token = 3 * kSecond + 1,
          .end = 5 * kSecond + 2,
          .input_tokens = 100,
          .cached_tokens = 64,
          .output_tokens = 4,
          .generated_tokens = 4,
          .outcome = "completed",
          .replica = 3,
          .preemptions = 1,
          .gpu_energy_j = 1234.56789};
}

RequestRow rejected_row() {
  return {.service = "chat",
          .service_class = "default",
          .tenant = "default",
          .arrival = 0,
          .end = kSecond / 4,
          .input_tokens = 9,
          .output_tokens = 7,
          .outcome = "rejected",
          .reason = "queue_full"};
}

RequestRow unfinished_row() {
  RequestRow row = completed_row();
  row.tenant = "default";
  row.outcome = "unfinished";
  row.generated_tokens = 2;
  return row;
}

std::string written(const fs::path& path, const std::vector<RequestRow>& rows) {
  RequestsFile file(path);
  for (const RequestRow& row : rows) file.add(row);
  file.finish();
  return content_of(path);
}

/// The content of a file compressed by gzip.
std::string unpacked(const fs::path& path) {
  std::string text;
  gzFile file = gzopen(path.c_str(), "rb");
  REQUIRE(file != nullptr);
  std::array<char, 4096> piece;
  for (int count = 0; (count = gzread(file, piece.data(), piece.size())) > 0;) text.append(piece.data(), count);
  CHECK(gzclose(file) == Z_OK);
  return text;
}

}  // namespace

TEST_CASE("requests file: a table", "[sim][report]") {
  const TemporaryFolder home;
  // By hand: (5.000000000002 - 3.000000000001) / 3 = 0.667 to the picosecond.
  CHECK(written(home.path() / "r.csv", {completed_row(), rejected_row(), unfinished_row()}) ==
        "service,class,tenant,session,arrival_s,first_token_s,end_s,ttft_s,tpot_s,e2e_s,input_tokens,cached_tokens,"
        "output_tokens,generated_tokens,outcome,replica,preemptions,gpu_energy_j\n"
        "chat,gold,\"acme, \"\"inc\"\"\",12,2,3.000000000001,5.000000000002,1.000000000001,0.666666666667,"
        "3.000000000002,100,64,4,4,completed,3,1,1234.57\n"
        "chat,default,default,,0,,0.25,,,,9,0,7,0,rejected:queue_full,,0,0\n"
        "chat,gold,default,12,2,3.000000000001,,1.000000000001,,,100,64,4,2,unfinished,3,1,1234.57\n");
}

TEST_CASE("requests file: JSON lines", "[sim][report]") {
  const TemporaryFolder home;
  const std::string text = written(home.path() / "r.jsonl", {completed_row(), rejected_row()});
  const std::size_t cut = text.find('\n');
  const auto first = nlohmann::json::parse(text.substr(0, cut)), second = nlohmann::json::parse(text.substr(cut));
  CHECK(first.size() == 18);
  CHECK(first["tenant"] == "acme, \"inc\"");
  CHECK(first["e2e_s"] == 3.000000000002);
  CHECK(first["gpu_energy_j"] == 1234.57);
  CHECK(second["first_token_s"].is_null());
  CHECK(second["session"].is_null());
  CHECK(second["replica"].is_null());
  CHECK(second["outcome"] == "rejected:queue_full");
  CHECK(text.back() == '\n');
}

TEST_CASE("requests file: compressed when the name says so, the same bytes each time", "[sim][report]") {
  const TemporaryFolder home;
  std::vector<RequestRow> rows;
  for (int i = 0; i < 5000; ++i) {
    rows.push_back(completed_row());
    rows.back().arrival = i;
  }
  const std::string plain = written(home.path() / "r.csv", rows);
  const std::string packed = written(home.path() / "r.csv.gz", rows);
  CHECK(packed.size() < plain.size() / 4);
  CHECK(unpacked(home.path() / "r.csv.gz") == plain);
  CHECK(written(home.path() / "other.csv.gz", rows) == packed);
  CHECK(unpacked((written(home.path() / "r.jsonl.gz", rows), home.path() / "r.jsonl.gz")) ==
        written(home.path() / "r.jsonl", rows));
}

TEST_CASE("requests file: names say the format", "[sim][report]") {
  for (const char* name : {"a.csv", "a.jsonl", "b/a.csv.gz", "a.jsonl.gz"}) CHECK(RequestsFile::knows_format_of(name));
  for (const char* name : {"a", "a.json", "a.csv.zip", "a.gz", "csv", ""}) {
    CHECK_FALSE(RequestsFile::knows_format_of(name));
  }
}

TEST_CASE("requests file: appears at the end, and what cannot be written is found at once", "[sim][report]") {
  const TemporaryFolder home;
  {
    RequestsFile file(home.path() / "r.csv");
    file.add(rejected_row());
    CHECK_FALSE(fs::exists(home.path() / "r.csv"));
  }
  CHECK(fs::is_empty(home.path()));
  CHECK_THROWS_AS(RequestsFile(home.path() / "no" / "r.csv"), WriteError);
  fs::create_directory(home.path() / "r.csv");
  CHECK_THROWS_AS(RequestsFile(home.path() / "r.csv"), WriteError);
}
