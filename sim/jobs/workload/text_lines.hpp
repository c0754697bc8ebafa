// Text files line by line, plain or gzip, in bounded memory.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/jobs/workload/input_error.hpp"

namespace tokenworks::jobs {

class PlainOrGzipFile;

/// Lines of a text file. Line ends are LF or CR LF; the last line may lack one. A byte order mark is skipped.
class TextLines {
 public:
  /// A longer line is a fault: it is no text, or not of a format that has lines.
  static constexpr std::size_t kLongestLine = std::size_t{4} << 20;

  /// Throws InputError when the file cannot be opened.
  explicit TextLines(std::string path);
  ~TextLines();
  TextLines(TextLines&&) noexcept;
  TextLines& operator=(TextLines&&) noexcept;

  /// The next line without its end; it stands until the next call. Throws InputError for a line that is too long and
  /// for compressed data that is cut or damaged.
  std::optional<std::string_view> next();

  const std::string& path() const { return path_; }
  std::int64_t line_number() const { return line_number_; }  ///< of the last line, counted from 1

  /// A fault of the last line. `problem` is a sentence; or `field` held `found`, where `allowed` may stand.
  [[noreturn]] void fail(const std::string& problem) const;
  [[noreturn]] void fail(std::string_view field, std::string_view found, std::string_view allowed) const;

 private:
  bool fill();

  std::string path_;
  std::unique_ptr<PlainOrGzipFile> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< of what is not handed out yet
  std::size_t end_ = 0;
  std::int64_t line_number_ = 0;
  bool last_line_is_open_ = false;  ///< the last line has no line end
};

/// A text file, plain or gzip, as a stream. Throws InputError now when it cannot be opened, and while it is read when
/// compressed data is cut or damaged.
std::unique_ptr<std::istream> open_text(const std::string& path);

}  // namespace tokenworks::jobs
