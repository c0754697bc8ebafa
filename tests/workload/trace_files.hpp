// Files that the tests of traces write, and the published traces where they are at hand.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/jobs/workload/trace_reader.hpp"
#include "tests/report/temporary_folder.hpp"

namespace tokenworks::jobs {

/// A file of the given bytes, gone with the object.
class WrittenFile {
 public:
  explicit WrittenFile(std::string_view bytes, const std::string& name = "file") : path_(folder_.path() / name) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  std::string path() const { return path_.string(); }

 private:
  TemporaryFolder folder_;
  std::filesystem::path path_;
};

/// `text` as the bytes of a gzip file.
inline std::string gzipped(std::string_view text) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "text.gz").string();
  const gzFile file = gzopen(path.c_str(), "wb6");
  if (file == nullptr ||
      gzwrite(file, text.data(), static_cast<unsigned>(text.size())) != static_cast<int>(text.size())) {
    throw std::runtime_error("cannot write " + path);
  }
  gzclose(file);
  return content_of(path);
}

inline std::vector<TraceRecord> read_all(TraceReader& reader) {
  std::vector<TraceRecord> records;
  while (const std::optional<TraceRecord> record = reader.next()) records.push_back(*record);
  return records;
}

/// A file of the data folder beside the repository, when there is one.
inline std::optional<std::string> shared_data(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(TOKENWORKS_SOURCE_DIR "/../shared/data") / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path.string();
}

inline std::string skipped_without(const std::string& name) { return "skipped: no ../shared/data/" + name; }

}  // namespace tokenworks::jobs
