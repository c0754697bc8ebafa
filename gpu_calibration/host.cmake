# The part of gpu_calibration that a machine without CUDA builds and tests.
add_library(tokenworks_gpu_calibration_host STATIC
  ${CMAKE_CURRENT_LIST_DIR}/harness/nvml.cpp
  ${CMAKE_CURRENT_LIST_DIR}/harness/options.cpp
  ${CMAKE_CURRENT_LIST_DIR}/harness/power_meter.cpp
  ${CMAKE_CURRENT_LIST_DIR}/harness/session.cpp
  ${CMAKE_CURRENT_LIST_DIR}/harness/statistics.cpp
  ${CMAKE_CURRENT_LIST_DIR}/harness/time_budget.cpp
  ${CMAKE_CURRENT_LIST_DIR}/plan/architectures.cpp
  ${CMAKE_CURRENT_LIST_DIR}/plan/attention_plan.cpp
  ${CMAKE_CURRENT_LIST_DIR}/plan/matrix_plan.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw/operators.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw/raw_writer.cpp
)
target_compile_features(tokenworks_gpu_calibration_host PUBLIC cxx_std_20)
get_filename_component(repository ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
target_include_directories(tokenworks_gpu_calibration_host PUBLIC ${repository})
if(TARGET tokenworks_options)
  target_link_libraries(tokenworks_gpu_calibration_host PRIVATE tokenworks_options)
endif()
target_link_libraries(tokenworks_gpu_calibration_host PRIVATE ${CMAKE_DL_LIBS})
