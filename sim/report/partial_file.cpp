#include "sim/report/partial_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tokenworks::report {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, int error) {
  throw WriteError(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
}

}  // namespace

PartialFile::PartialFile(const fs::path& target)
    : target_(target), path_(fmt::format("{}.{}.partial", target.string(), ::getpid())) {
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(target_, errno);
}

PartialFile::~PartialFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!renamed_) ::unlink(path_.c_str());
}

void PartialFile::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor_, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(target_, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

void PartialFile::sync() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail(target_, errno);  // EINVAL: the file system has no sync
}

void PartialFile::rename() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) fail(target_, errno);
  if (::rename(path_.c_str(), target_.c_str()) != 0) fail(target_, errno);
  renamed_ = true;
}

}  // namespace tokenworks::report
