#include "sim/report/report_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "sim/report/report.hpp"

namespace tokenworks::report {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, int error) {
  throw WriteError(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
}

/// An open file that is removed again unless it is renamed into place.
class PartialFile {
 public:
  explicit PartialFile(const fs::path& target)
      : target_(target), path_(fmt::format("{}.{}.partial", target.string(), ::getpid())) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(target_, errno);
  }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail(target_, errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  /// Brings the content to the disk.
  void sync() {
    if (::fsync(descriptor_) != 0 && errno != EINVAL) fail(target_, errno);  // EINVAL: the file system has no sync
  }
  void rename() {
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0) fail(target_, errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, errno);
    renamed_ = true;
  }

 private:
  fs::path target_, path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

/// Names and paths come from outside and need not be valid UTF-8; JSON must be.
std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error && !fs::is_directory(folder, error)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) throw WriteError(fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
}

}  // namespace

void prepare_folder(const fs::path& folder) {
  make_folder(folder);
  PartialFile trial(folder / "report.json");
  trial.write("{}");
}

void write_file(const fs::path& path, std::string_view content) {
  PartialFile file(path);
  file.write(content);
  file.sync();
  file.rename();
}

void write_report(const fs::path& folder, const metrics::RunResult& result, const metrics::RunCost& cost,
                  const nlohmann::ordered_json& scenario, const Provenance& provenance) {
  make_folder(folder);
  PartialFile series(folder / "series.csv"), run(folder / "run.json"), report(folder / "report.json");
  series.write(series_csv(result));
  run.write(text_of(run_json(result, cost)));
  report.write(text_of(report_json(result, scenario, provenance)));
  // All is written before anything is replaced, and synced together: one wait for the disk instead of three.
  PartialFile* const files[] = {&series, &run, &report};
  for (PartialFile* file : files) file->sync();
  for (PartialFile* file : files) file->rename();
}

}  // namespace tokenworks::report
