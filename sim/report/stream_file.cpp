#include "sim/report/stream_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace tokenworks::report {
namespace {

namespace fs = std::filesystem;

/// Renaming would find it out at the end of the run.
const fs::path& not_a_folder(const fs::path& path) {
  std::error_code ignored;
  if (!path.has_filename() || fs::is_directory(path, ignored)) {
    throw WriteError(fmt::format("cannot write {}: {}", path.string(), std::strerror(EISDIR)));
  }
  return path;
}

}  // namespace

struct StreamFile::Compressor {
  Compressor() {
    constexpr int kGzip = 15 + 16;  // the largest window, with a header of gzip, which has no date
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::runtime_error("zlib cannot compress");
    }
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor() { deflateEnd(&stream); }

  void compress(std::string& content, int flush, PartialFile& file) {
    stream.next_in = reinterpret_cast<Bytef*>(content.data());
    stream.avail_in = static_cast<uInt>(content.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      deflate(&stream, flush);
      file.write({out.data(), out.size() - stream.avail_out});
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
  std::array<char, 65536> out;
};

StreamFile::StreamFile(const fs::path& path) : file_(not_a_folder(path)) {
  buffer_.reserve(kFull + kFull / 4);
  if (path.extension() == ".gz") compressor_ = std::make_unique<Compressor>();
}

StreamFile::~StreamFile() = default;

void StreamFile::flush() {
  if (compressor_) {
    compressor_->compress(buffer_, Z_NO_FLUSH, file_);
  } else {
    file_.write(buffer_);
  }
  buffer_.clear();
}

void StreamFile::finish() {
  flush();
  if (compressor_) compressor_->compress(buffer_, Z_FINISH, file_);
  file_.sync();
  file_.rename();
}

}  // namespace tokenworks::report
