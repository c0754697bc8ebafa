// A file that grows with a run, written as it goes: memory stays bounded, and the file appears whole at the end.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "sim/report/partial_file.hpp"

namespace tokenworks::report {

class StreamFile {
 public:
  /// Opens a file beside `path`; compressed by gzip when the name ends in ".gz". Throws WriteError, also where a folder
  /// stands.
  explicit StreamFile(const std::filesystem::path& path);
  ~StreamFile();

  /// What is written next may be appended to this; call written() after that.
  std::string& buffer() { return buffer_; }
  void written() {
    if (buffer_.size() >= kFull) flush();
  }
  /// Writes what is left and renames the file into place. Nothing may be written after.
  void finish();

 private:
  static constexpr std::size_t kFull = std::size_t{1} << 18;
  struct Compressor;

  void flush();

  PartialFile file_;
  std::string buffer_;
  std::unique_ptr<Compressor> compressor_;  // null: not compressed
};

}  // namespace tokenworks::report
