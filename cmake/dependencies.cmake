# Third-party libraries, all from Debian. Each is included by one source file only (tests/layers checks).
# Static archives are preferred where Debian ships them: fewer shared objects, faster start-up.
function(prefer_static target archive shared)
  find_library(${target}_LIBRARY NAMES lib${archive}.a ${shared} REQUIRED)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
endfunction()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
prefer_static(lib_yaml yaml-cpp yaml-cpp)
prefer_static(lib_sqlite sqlite3 sqlite3)
target_link_libraries(lib_sqlite INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
prefer_static(lib_re2 re2 re2)
target_link_libraries(lib_re2 INTERFACE Threads::Threads)
prefer_static(lib_nettle nettle nettle)
prefer_static(lib_cctz cctz cctz)
prefer_static(lib_simdjson simdjson simdjson)
prefer_static(lib_zlib z z)
prefer_static(lib_zstd zstd zstd)
# Headers only: the library is loaded when something is first asked over HTTP. Linked, it would cost every start 5 ms.
find_path(CURL_HEADERS curl/curl.h REQUIRED)
# GLPK likewise: only the process that solves a linear program loads it.
find_path(GLPK_HEADERS glpk.h REQUIRED)
