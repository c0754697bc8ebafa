#include "sim/jobs/workload/text_lines.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/scenario/property.hpp"
#include "tests/workload/trace_files.hpp"

namespace tokenworks::jobs {
namespace {

using scenario::holds;

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& path) {
  TextLines lines(path);
  Lines list;
  while (const auto line = lines.next()) list.emplace_back(*line);
  CHECK(lines.line_number() == static_cast<std::int64_t>(list.size()));
  return list;
}

Lines lines_of_text(std::string_view text) { return lines_of(WrittenFile(text).path()); }

/// The message of the fault that reading the file ends with.
std::string fault_of(const std::string& path) {
  try {
    TextLines lines(path);
    while (lines.next()) {
    }
  } catch (const InputError& error) {
    return error.what();
  }
  return "no fault";
}

std::string repeated(std::string_view text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("text lines: line ends are LF or CR LF, and the last may be missing", "[sim][workload]") {
  CHECK(lines_of_text("a\nb\n") == Lines{"a", "b"});
  CHECK(lines_of_text("a\r\nb\r\n") == Lines{"a", "b"});
  CHECK(lines_of_text("a\r\nb") == Lines{"a", "b"});
  CHECK(lines_of_text("\n\na\n\n") == Lines{"", "", "a", ""});
  CHECK(lines_of_text("a\rb\n") == Lines{"a\rb"});
  CHECK(lines_of_text("") == Lines{});
  CHECK(lines_of_text("\xEF\xBB\xBFhead\n\xEF\xBB\xBF") == Lines{"head", "\xEF\xBB\xBF"});
}

TEST_CASE("text lines: joining lines and reading them gives them back, plain and compressed", "[sim][workload][law]") {
  REQUIRE(holds("text lines: joining lines and reading them gives them back, plain and compressed",
                [](const std::vector<unsigned short>& lengths) {
                  Lines lines;
                  std::string text;
                  for (const unsigned short length :
                       lengths) {  // up to 64 KiB each: longer together than the reader's buffer
                    lines.emplace_back(length, static_cast<char>('a' + length % 26));
                    text += lines.back() + (length % 3 == 0 ? "\r\n" : "\n");
                  }
                  RC_ASSERT(lines_of_text(text) == lines);
                  RC_ASSERT(lines_of_text(gzipped(text)) == lines);
                }));
}

TEST_CASE("text lines: a line of 4 MiB is read, a longer one is a fault and no memory", "[sim][workload]") {
  const std::string longest(TextLines::kLongestLine, 'x');
  CHECK(lines_of_text("head\n" + longest + "\ntail") == Lines{"head", longest, "tail"});
  const WrittenFile too_long("head\n" + longest + "x\ntail");
  CHECK(fault_of(too_long.path()) == too_long.path() + ":2: the line is longer than 4 MiB");
  const WrittenFile compressed(gzipped(std::string(std::size_t{64} << 20, 'x')));
  CHECK(fault_of(compressed.path()) == compressed.path() + ":1: the line is longer than 4 MiB");
}

TEST_CASE("text lines: compressed data that is cut is a fault with the line reached", "[sim][workload]") {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i * 7919 % 10'007) + "\n";
  const std::string whole = gzipped(text);
  REQUIRE(lines_of_text(whole).size() == 20'000);
  for (const std::size_t cut : {whole.size() / 2, whole.size() - 9, whole.size() - 1}) {
    const WrittenFile file(std::string_view(whole).substr(0, cut));
    CHECK(fault_of(file.path()).find("the gzip data is cut") != std::string::npos);
    CHECK(fault_of(file.path()).find(file.path() + ":") == 0);
  }
  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 0x55);  // in the check sum
  CHECK(fault_of(WrittenFile(damaged).path()).find("the gzip data is damaged") != std::string::npos);
}

TEST_CASE("text lines: what cannot be opened says why", "[sim][workload]") {
  CHECK(fault_of("/no/such/file.csv") == "/no/such/file.csv: cannot be opened: No such file or directory");
  CHECK(fault_of("/tmp") == "/tmp: cannot be opened: Is a directory");
}

TEST_CASE("open_text: the same text from a plain and a compressed file", "[sim][workload]") {
  const std::string text = repeated("some line of text\r\n", 50'000) + "last";
  for (const std::string& bytes : {text, gzipped(text)}) {
    const WrittenFile file(bytes);
    const std::unique_ptr<std::istream> stream = open_text(file.path());
    CHECK(std::string(std::istreambuf_iterator<char>(*stream), {}) == text);
  }
}

TEST_CASE("open_text: cut data and missing files are faults", "[sim][workload]") {
  const std::string whole = gzipped(repeated("some line of text\n", 50'000));
  const WrittenFile file(std::string_view(whole).substr(0, whole.size() / 2));
  const auto read_lines = [&] {
    const std::unique_ptr<std::istream> stream = open_text(file.path());
    std::string line;
    while (std::getline(*stream, line)) {
    }
  };
  CHECK_THROWS_AS(read_lines(), InputError);
  CHECK_THROWS_AS(open_text("/no/such/file.epw"), InputError);
}

}  // namespace tokenworks::jobs
