// A folder with made-up measurements, removed again.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tokenworks::testing {

class MeasurementFolder {
 public:
  MeasurementFolder() : path_(std::filesystem::temp_directory_path() / "tokenworks_measured_XXXXXX") {
    std::string name = path_.string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  MeasurementFolder(const MeasurementFolder&) = delete;
  MeasurementFolder& operator=(const MeasurementFolder&) = delete;
  ~MeasurementFolder() { std::filesystem::remove_all(path_); }

  std::string path() const { return path_.string(); }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
    return file.string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace tokenworks::testing
