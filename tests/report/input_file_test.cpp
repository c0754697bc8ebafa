#include "sim/report/input_file.hpp"

#include "tests/catch.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using report::sha256_of_file;

TEST_CASE("input file: SHA-256 of the standard's examples", "[sim][report]") {
  // NIST, FIPS 180-2, appendix B: "abc", and one million times "a" (longer than a piece that is read).
  const TemporaryFolder home;
  const auto digest = [&home](const std::string& content) {
    std::ofstream(home.path() / "x", std::ios::binary) << content;
    return sha256_of_file(home.path() / "x");
  };
  CHECK(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(digest(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("input file: what cannot be read is named", "[sim][report]") {
  const TemporaryFolder home;
  const auto message = [](const std::filesystem::path& path) -> std::string {
    try {
      return sha256_of_file(path);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  };
  const std::filesystem::path missing = home.path() / "missing";
  CHECK(message(missing) == "cannot read " + missing.string() + ": No such file or directory");
  CHECK(message(home.path()) == "cannot read " + home.path().string() + ": Is a directory");
}
