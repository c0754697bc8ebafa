// The files that a run has read, by what they held.
#pragma once

#include <filesystem>
#include <string>

namespace tokenworks::report {

/// SHA-256 of the file's bytes as 64 hexadecimal digits, read in pieces. Throws std::runtime_error with the path and
/// the system's reason when the file cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace tokenworks::report
