#include "sim/report/input_file.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace tokenworks::report {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

void require(int openssl_result) {
  if (openssl_result != 1) throw std::runtime_error("SHA-256 is not available in this OpenSSL");
}

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  const auto fail = [&path] {
    throw std::runtime_error(fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) fail();

  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  require(context ? EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) : 0);
  std::array<unsigned char, 65536> piece;
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get())) {
    require(EVP_DigestUpdate(context.get(), piece.data(), size));
  }
  if (std::ferror(file.get())) fail();

  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  require(EVP_DigestFinal_ex(context.get(), digest.data(), &length));
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace tokenworks::report
