// A library with the functions of NVML that the sensors load; it knows one board.
#include <cstring>

namespace {
int the_board = 0;
constexpr int kNotSupported = 3, kNotFound = 6;
}  // namespace

extern "C" {
int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int code) { return code == kNotFound ? "no such board" : "another error"; }
int nvmlSystemGetDriverVersion(char* version, unsigned length) {
  std::strncpy(version, "580.65.06", length);
  return 0;
}
int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** device) {
  *device = &the_board;
  return std::strcmp(address, "0000:1b:00.0") == 0 ? 0 : kNotFound;
}
int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* millijoules) {
  *millijoules = 123456789;
  return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 350250;
  return 0;
}
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned* milliwatts) {
  *milliwatts = 700000;
  return 0;
}
int nvmlDeviceGetClockInfo(void*, unsigned which, unsigned* megahertz) {
  *megahertz = which == 1 ? 1980 : 2619;  // 1 is the multiprocessors', 2 the memory's
  return 0;
}
int nvmlDeviceGetTemperature(void*, unsigned, unsigned*) { return kNotSupported; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* bits) {
  *bits = 0x1 | 0x4;
  return 0;
}
}
