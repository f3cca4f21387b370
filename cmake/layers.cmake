# One static library per folder of core/, linked in the order of the layers. New files are picked up by themselves. All
# share the headers that core_base compiles ahead.
function(add_layer name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARGN})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARGN})
  if(name STREQUAL core_base)
    target_precompile_headers(${name} PRIVATE <string> <string_view> <vector> <map> <optional> <memory>
                              <variant> <algorithm> <functional> <fmt/format.h>)
  else()
    target_precompile_headers(${name} REUSE_FROM core_base)
  endif()
endfunction()

add_layer(core_base core/base fmt::fmt nlohmann_json::nlohmann_json lib_yaml lib_sqlite lib_nettle lib_cctz lib_simdjson ${CMAKE_DL_LIBS})
target_compile_definitions(core_base PUBLIC AUTOPILOT_VERSION="${PROJECT_VERSION}")
add_layer(core_render core/render core_base)
add_layer(core_events core/events core_base lib_zlib lib_zstd)
add_layer(core_expr core/expr core_base lib_re2)
add_layer(core_stats core/stats core_base)
# Loops over rows: vectors are worth it.
set_source_files_properties(core/stats/ope.cpp core/stats/ope_blocks.cpp core/stats/ope_bounds.cpp core/stats/ope_resample.cpp core/stats/ope_tuning.cpp
                            core/evaluate/sequences.cpp core/evaluate/terms.cpp
                            PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
add_layer(core_optimize core/optimize core_base ${CMAKE_DL_LIBS})
# Packs of numbers are passed between functions that are inlined, so that how they would be passed is no matter; without
# FMA the bits are the same everywhere.
set_source_files_properties(core/optimize/lanes_look.cpp core/optimize/lanes_expand.cpp core/optimize/values.cpp PROPERTIES COMPILE_OPTIONS "-Wno-psabi;-ffp-contract=off")
add_layer(core_policy core/policy core_expr core_optimize)
add_layer(core_decide core/decide core_policy core_render)
add_layer(core_evaluate core/evaluate core_decide core_events core_stats)
add_layer(core_state core/state core_decide)
add_layer(core_trial core/trial core_decide core_render)
add_layer(core_deploy core/deploy core_state core_stats core_events)
add_layer(core_loop core/loop core_deploy core_events)
add_layer(autopilot_cli cli core_loop core_deploy core_evaluate core_optimize core_state core_trial core_render CLI11::CLI11)
add_layer(autopilot_commands commands autopilot_cli)

add_executable(autopilot cli/main.cpp)
target_link_libraries(autopilot PRIVATE autopilot_commands)
target_link_options(autopilot PRIVATE -static-libstdc++ -static-libgcc)
