# Third parties. All come from Debian 12; each is used in one room only (tests/layering checks).
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)             # Asio/Beast: gateway, uploader
find_package(CURL REQUIRED)                   # uploader
find_package(SQLite3 REQUIRED)                # uploader
find_package(ZLIB REQUIRED)                   # uploader
find_package(OpenSSL REQUIRED)                # tests/support (HTTPS hub stand-in)
find_package(nlohmann_json 3.11 REQUIRED)     # uploader, gateway
find_package(PahoMqttCpp REQUIRED)            # uploader
find_package(spdlog REQUIRED)                 # gateway
find_package(CLI11 REQUIRED)                  # gateway, simulator
set(omnisonde_build_type "${CMAKE_BUILD_TYPE}")
find_package(SoapySDR CONFIG REQUIRED)        # gateway, simulator

find_package(PkgConfig REQUIRED)
pkg_check_modules(inih REQUIRED IMPORTED_TARGET inih)            # gateway, simulator
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)   # gateway
pkg_check_modules(fftw3f REQUIRED IMPORTED_TARGET fftw3f)        # dsp/fft.cpp

find_library(LIQUID_LIBRARY liquid REQUIRED)                     # dsp
add_library(liquid::liquid UNKNOWN IMPORTED)
set_target_properties(liquid::liquid PROPERTIES IMPORTED_LOCATION ${LIQUID_LIBRARY})

if(OMNISONDE_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
