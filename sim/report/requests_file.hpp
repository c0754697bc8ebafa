// One line a request (`tokenworks run --requests FILE`), in the order of their ends; those that had not ended when the
// run did follow in the order of their arrivals. Written as the run goes, so that memory does not grow with it.
//
// The format is what the name ends in: ".csv" (with a header line; RFC 4180) or ".jsonl" (one JSON object a line), each
// also with ".gz" behind (compressed). Dates and durations are in seconds, exact to the picosecond; dates count from
// the start of the run. What does not exist is an empty cell, or null. The columns, or keys:
//
//   service           its name
//   class, tenant     names from the service's lists; "default" where there are none
//   session           number of the session that it belongs to; absent: it stands alone
//   arrival_s         when it was sent; the engine hears of it its request overhead later
//   first_token_s     when its first token came out
//   end_s             when it ended, in whatever way; absent: it had not when the run ended
//   ttft_s            first_token_s - arrival_s
//   tpot_s            of a completed one with two tokens or more: (end_s - first_token_s) / (output_tokens - 1)
//   e2e_s             of a completed one: end_s - arrival_s
//   input_tokens      of its prompt
//   cached_tokens     of its prompt, that a cache held
//   output_tokens     that it asked for
//   generated_tokens  that came out
//   outcome           completed, rejected:REASON, failed, cancelled, timed_out, sent_on (to another service, where it
//                     has a line, too), unfinished
//   replica           place, from 0, of the service's replica that took it out of its queue last; absent: none did
//   preemptions       how often it lost its KV blocks and had to compute them again
//   gpu_energy_j      of GPU boards: its share, by tokens, of the steps that it was in; six digits. With what replicas
//                     draw between their steps these sum to the GPU energy of the service
#pragma once

#include <filesystem>
#include <string_view>

#include "sim/report/request_row.hpp"
#include "sim/report/stream_file.hpp"

namespace tokenworks::report {

class RequestsFile {
 public:
  /// The endings of names that say a format, for messages.
  static constexpr std::string_view kEndings = ".csv, .jsonl, .csv.gz or .jsonl.gz";
  static bool knows_format_of(std::string_view path);

  /// Opens a file beside `path`, whose name must say its format. Throws WriteError.
  explicit RequestsFile(const std::filesystem::path& path);
  void add(const RequestRow& row);
  /// Renames the file into place; nothing may be added after.
  void finish() { file_.finish(); }

 private:
  StreamFile file_;
  bool json_;
};

}  // namespace tokenworks::report
