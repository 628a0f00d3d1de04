# cmake --install BUILD --prefix PREFIX: the header, the shared library, how CMake and pkg-config
# find them, and an example to copy.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS grapevine_client_shared EXPORT GrapevineTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_CURRENT_LIST_DIR}/grapevine/client.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/grapevine)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/example/CMakeLists.txt
              ${CMAKE_CURRENT_LIST_DIR}/example/main.cc
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/grapevine/example)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Grapevine)
install(EXPORT GrapevineTargets NAMESPACE Grapevine:: FILE GrapevineConfig.cmake
        DESTINATION ${package_folder})
# While the major version is 0 a minor one may change the binary interface.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/GrapevineConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/GrapevineConfigVersion.cmake
        DESTINATION ${package_folder})

file(RELATIVE_PATH prefix_from_here /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/grapevine-client.pc.in
               ${CMAKE_CURRENT_BINARY_DIR}/grapevine-client.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/grapevine-client.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
