#include "sim/jobs/workload/text_lines.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <streambuf>

namespace tokenworks::jobs {

/// Bytes of a file, plain or gzip.
class PlainOrGzipFile {
 public:
  explicit PlainOrGzipFile(const std::string& path) {
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(path, ignored);
    if (!is_folder) file_ = gzopen(path.c_str(), "rb");
    if (is_folder) errno = EISDIR;  // zlib would open it and fail at the first read
    if (file_ == nullptr) throw InputError(path, 0, fmt::format("cannot be opened: {}", std::strerror(errno)));
    gzbuffer(file_, kBuffer);
  }
  ~PlainOrGzipFile() { gzclose_r(file_); }
  PlainOrGzipFile(const PlainOrGzipFile&) = delete;
  PlainOrGzipFile& operator=(const PlainOrGzipFile&) = delete;

  /// Reads up to `size` bytes; 0 at the end. Throws InputError that names `path` and `line`.
  std::size_t read(char* bytes, std::size_t size, const std::string& path, std::int64_t line) {
    const int count = gzread(file_, bytes, static_cast<unsigned>(size));
    if (count > 0) return static_cast<std::size_t>(count);
    int error = Z_OK;
    const char* text = gzerror(file_, &error);
    if (error == Z_BUF_ERROR) throw InputError(path, line, "the gzip data is cut: it ends before its end mark");
    if (error == Z_ERRNO) throw InputError(path, line, fmt::format("cannot be read: {}", std::strerror(errno)));
    if (error != Z_OK) throw InputError(path, line, fmt::format("the gzip data is damaged: {}", text));
    return 0;
  }

 private:
  static constexpr unsigned kBuffer = 1u << 17;

  gzFile file_ = nullptr;
};

namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 18;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// `text` as a person can read it in a message: short, and without control characters.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 48;
  std::string shown;
  for (const char c : text.substr(0, kMost)) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F)
      shown += c;
    else
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return fmt::format("\"{}\"{}", shown, text.size() > kMost ? "..." : "");
}

}  // namespace

TextLines::TextLines(std::string path)
    : path_(std::move(path)), file_(std::make_unique<PlainOrGzipFile>(path_)), buffer_(kFirstBuffer) {}
TextLines::~TextLines() = default;
TextLines::TextLines(TextLines&&) noexcept = default;
TextLines& TextLines::operator=(TextLines&&) noexcept = default;

std::optional<std::string_view> TextLines::next() {
  std::size_t searched = 0;
  const void* line_feed = nullptr;
  while (true) {
    line_feed = std::memchr(buffer_.data() + begin_ + searched, '\n', end_ - begin_ - searched);
    searched = end_ - begin_;
    if (line_feed != nullptr || searched > kLongestLine || !fill()) break;
  }
  if (line_feed == nullptr && searched == 0) return std::nullopt;

  ++line_number_;
  last_line_is_open_ = line_feed == nullptr;
  const char* start = buffer_.data() + begin_;
  const std::size_t size =
      line_feed != nullptr ? static_cast<std::size_t>(static_cast<const char*>(line_feed) - start) : searched;
  if (size > kLongestLine) {
    last_line_is_open_ = false;
    fail(fmt::format("the line is longer than {} MiB", kLongestLine >> 20));
  }
  begin_ += size + (line_feed != nullptr ? 1 : 0);
  std::string_view line(start, size);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line_number_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  return line;
}

bool TextLines::fill() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
            buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const std::size_t count = file_->read(buffer_.data() + end_, buffer_.size() - end_, path_, line_number_ + 1);
  end_ += count;
  return count > 0;
}

void TextLines::fail(const std::string& problem) const {
  throw InputError(path_, line_number_,
                   problem + (last_line_is_open_ ? " (the last line has no line end: the file may be cut)" : ""));
}

void TextLines::fail(std::string_view field, std::string_view found, std::string_view allowed) const {
  fail(fmt::format("{}: found {}, allowed: {}", field, quoted(found), allowed));
}

namespace {

class InputBuffer final : public std::streambuf {
 public:
  explicit InputBuffer(const std::string& path) : path_(path), file_(path), bytes_(kFirstBuffer) {}

 private:
  int_type underflow() override {
    const std::size_t count = file_.read(bytes_.data(), bytes_.size(), path_, line_);
    line_ += std::count(bytes_.data(), bytes_.data() + count, '\n');
    setg(bytes_.data(), bytes_.data(), bytes_.data() + count);
    return count == 0 ? traits_type::eof() : traits_type::to_int_type(bytes_.front());
  }

  std::string path_;
  PlainOrGzipFile file_;
  std::vector<char> bytes_;
  std::int64_t line_ = 1;
};

class TextStream final : public std::istream {
 public:
  explicit TextStream(const std::string& path) : std::istream(nullptr), buffer_(path) {
    rdbuf(&buffer_);
    exceptions(std::ios::badbit);  // lets an InputError of the buffer through
  }

 private:
  InputBuffer buffer_;
};

}  // namespace

std::unique_ptr<std::istream> open_text(const std::string& path) { return std::make_unique<TextStream>(path); }

}  // namespace tokenworks::jobs
