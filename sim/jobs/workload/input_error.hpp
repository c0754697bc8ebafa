// A fault in an input file: what a person needs to mend it.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace tokenworks::jobs {

/// what() is complete: file, line, what was found, what is allowed.
class InputError : public std::runtime_error {
 public:
  /// `line` counts from 1; 0 means the file as a whole.
  InputError(const std::string& file, std::int64_t line, const std::string& problem)
      : std::runtime_error(file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + problem), line_(line) {}

  std::int64_t line() const { return line_; }

 private:
  std::int64_t line_;
};

}  // namespace tokenworks::jobs
