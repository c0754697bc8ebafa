// Lengths of clients' requests by time of day: the second of the two files of client statistics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/workload/token_table.hpp"

namespace tokenworks::jobs {

inline constexpr std::int64_t kLengthWindow_s = 21'600;
inline constexpr std::int64_t kLengthWindowsADay = 86'400 / kLengthWindow_s;

/// What a client's requests look like in one window.
struct LengthWindow {
  /// Images, audio or video of a prompt: how many there are, and the tokens of each.
  struct Attachments {
    workload::TokenTable count, tokens;
  };
  struct Lengths {
    std::int32_t input_tokens = 0;   ///< >= 1
    std::int32_t output_tokens = 0;  ///< >= 1
  };

  std::int32_t number = 0;  ///< starts at this many windows from the start of the statistics
  workload::TokenTable input, output;
  std::vector<Attachments> attachments;

  /// Text and attachments of the prompt from one stream of random numbers, the answer from another. A length of 0,
  /// which some tables hold, becomes 1.
  Lengths draw(RandomEngine& input_random, RandomEngine& output_random) const;
};

struct ClientLengths {
  std::int64_t client = 0;
  std::vector<LengthWindow> windows;  ///< rising; only those with requests
};

struct LengthStatistics {
  std::vector<ClientLengths> clients;  ///< by rising number, each with a window at least
  std::int64_t windows = 0;            ///< up to the end of the last, in whole days
};

/// Reads a JSON object a line, plain or gzip: client_id, window_start_s, and tables {"length": probability} under
/// input_tokens (text_tokens in multimodal sets) and output_tokens. Windows without requests have empty tables, or such
/// that hold nothing but 0.
///
/// image_tokens, audio_tokens and video_tokens are the tokens of one attachment, image_count and so on their number;
/// the prompt holds all of them, each drawn anew, as in ServeGen's own generator. reason_ratio, the share of the answer
/// that is reasoning, is skipped: output_tokens hold the reasoning too. ServeGen's generator draws all fields of a
/// request with one random number, which makes long prompts have long answers; the tables do not say so, and here each
/// is drawn by itself.
///
/// Throws InputError with file and line: text that is no JSON, a missing, unknown or repeated key, a number that is
/// none or outside its limits, probabilities that do not sum to about 1, prompts that may exceed 2147483647 tokens, a
/// window that stands twice.
LengthStatistics read_client_lengths(const std::string& path);

}  // namespace tokenworks::jobs
