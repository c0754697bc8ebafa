// Files that appear whole or not at all: written beside their place, then renamed.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string_view>

namespace tokenworks::report {

/// A file or folder that cannot be written: path and the system's reason.
class WriteError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An open file beside `target` that is removed again unless it is renamed into place. Everything throws WriteError.
class PartialFile {
 public:
  explicit PartialFile(const std::filesystem::path& target);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  void write(std::string_view content);
  /// Brings the content to the disk.
  void sync();
  void rename();

 private:
  std::filesystem::path target_, path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

}  // namespace tokenworks::report
