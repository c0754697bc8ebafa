#include "models/storage/storage_option.hpp"

namespace tokenworks::storage {

std::unique_ptr<StorageOption> make_parallel_file_system();
std::unique_ptr<StorageOption> make_object_store();
std::unique_ptr<StorageOption> make_local_nvme();

Options<StorageOption> storage_options() {
  static constexpr Option<StorageOption> kOptions[] = {
      {"parallel_file_system", "One file system that all nodes read and write at once", make_parallel_file_system},
      {"object_store", "Objects over many streams, each of them slow", make_object_store},
      {"local_nvme", "Each node's own drives and nothing shared; bandwidths from the rack kind", make_local_nvme},
  };
  return kOptions;
}

}  // namespace tokenworks::storage
