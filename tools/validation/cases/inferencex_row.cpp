#include "tools/validation/cases/inferencex_row.hpp"

#include <cmath>

#include "tools/validation/csv_table.hpp"

namespace tokenworks::validation {
namespace {

double degree(const CsvTable::Row& row, std::string_view column) {
  const double value = row.optional_number(column, kWholeOrZero).value_or(1.0);
  return value == 0.0 ? 1.0 : value;
}

std::int64_t whole(double value) { return std::llround(value); }

}  // namespace

bool InferencexRow::is_deepseek_r1() const {
  return model == "deepseek-ai/DeepSeek-R1" || model == "deepseek-ai/DeepSeek-V3";
}

llm::Parallelism true_parallelism(const InferencexRow& row) {
  const bool squared = !row.gap_analysis && row.moe_tp > 1 && row.moe_ep > 1;
  const bool copies_squared = !row.gap_analysis && row.attention_dp > 1 && row.tp == row.attention_dp &&
                              row.moe_ep == row.tp * row.attention_dp;
  llm::Parallelism meant;
  if (squared || copies_squared) {
    const std::int64_t gpus = whole(squared ? row.moe_tp : row.tp);
    meant.tensor = row.attention_dp > 1 ? 1 : gpus;
    meant.attention_data = row.attention_dp > 1 ? gpus : 1;
    meant.expert = gpus;
    return meant;
  }
  meant.tensor = whole(row.tp);
  meant.attention_data = whole(row.attention_dp);
  meant.expert = whole(row.moe_ep);
  return meant;
}

std::vector<InferencexRow> read_inferencex_rows(const std::filesystem::path& path, scenario::FaultList& faults) {
  const auto table = CsvTable::read(
      path,
      {"origin", "measured_date", "engine", "engine_version", "model", "system", "precision", "mode", "isl_nominal",
       "osl_nominal", "concurrency", "tp", "attn_dp", "moe_tp", "moe_ep", "ttft_ms_mean", "tpot_ms_mean"},
      faults);
  std::vector<InferencexRow> rows;
  if (!table) return rows;
  for (std::size_t i = 0; i < table->rows(); ++i) {
    const CsvTable::Row fields = table->row(i);
    InferencexRow row;
    row.line = fields.line();
    row.gap_analysis = fields.name("origin") != "InferenceX";
    row.date = fields.text("measured_date");
    row.engine = fields.one_of("engine", {"vllm", "sglang", "trtllm"});
    row.version = fields.text("engine_version");
    row.model = fields.name("model");
    row.system = fields.name("system");
    row.precision = fields.text("precision").empty() ? "bf16" : fields.text("precision");
    row.disaggregated = fields.one_of("mode", {"agg", "disagg"}) != "agg";
    if (row.disaggregated) {  // its columns are others
      rows.push_back(std::move(row));
      continue;
    }
    row.isl = fields.number("isl_nominal", kPositiveWhole);
    row.osl = fields.number("osl_nominal", {2, false, true});
    row.concurrency = fields.optional_number("concurrency", kPositiveWhole);
    row.tp = degree(fields, "tp");
    row.attention_dp = degree(fields, "attn_dp");
    row.moe_tp = degree(fields, "moe_tp");
    row.moe_ep = degree(fields, "moe_ep");
    row.ttft_s = fields.number("ttft_ms_mean", kPositive) * 1e-3;
    row.tpot_s = fields.number("tpot_ms_mean", kPositive) * 1e-3;
    row.parallelism = true_parallelism(row);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tokenworks::validation
