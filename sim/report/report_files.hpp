// The folder of a run: report.json, series.csv and run.json. Each file appears whole or not at all, and report.json
// appears last: where it stands, the others of the same run stand too.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "sim/metrics/run_result.hpp"
#include "sim/report/partial_file.hpp"

namespace tokenworks::report {

struct Provenance;

/// Makes `folder` (and its parents) and writes a trial file into it, so that a run of an hour does not end in an
/// error that a second could have shown. Throws WriteError.
void prepare_folder(const std::filesystem::path& folder);

/// Replaces the file at `path` by `content`: written beside it, brought to the disk, renamed. Throws WriteError and
/// leaves what stood there.
void write_file(const std::filesystem::path& path, std::string_view content);

/// Writes the three files of a run into `folder`, which is made when it is missing. Throws WriteError.
void write_report(const std::filesystem::path& folder, const metrics::RunResult& result, const metrics::RunCost& cost,
                  const nlohmann::ordered_json& scenario, const Provenance& provenance);

}  // namespace tokenworks::report
