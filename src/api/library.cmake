# The client as a library: for this tree's tests a folder like others, for programs elsewhere a shared
# one that is installed.
grapevine_library(api LINK base client runtime
                  SOURCES bridge.cc client.cc process.cc translate.cc)

# Sanitizers are for the tests.
if(GRAPEVINE_SANITIZE)
  return()
endif()

# Its objects are compiled apart, for they have to be movable (-fPIC) and to hide all but the public
# names; the programs would pay for the one and gain nothing from the other. Of runtime/ it takes what
# a client needs.
set(sources)
foreach(library base ring client wire api)
  get_target_property(own grapevine_${library} SOURCES)
  list(APPEND sources ${own})
endforeach()
foreach(name ask client_host clock frame_link loop socket_address stream)
  list(APPEND sources runtime/${name}.cc)
endforeach()
foreach(source IN LISTS sources)
  get_filename_component(folder ${source} DIRECTORY)
  set_property(SOURCE ${source} PROPERTY UNITY_GROUP ${folder})
endforeach()
add_library(grapevine_client_shared SHARED ${sources})
set_target_properties(grapevine_client_shared PROPERTIES
  OUTPUT_NAME grapevine-client EXPORT_NAME client
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  # Names in anonymous namespaces differ within a folder.
  UNITY_BUILD_MODE GROUP)
target_include_directories(grapevine_client_shared
  PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}
  PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/api> $<INSTALL_INTERFACE:include>)
target_compile_features(grapevine_client_shared INTERFACE cxx_std_17)
target_link_libraries(grapevine_client_shared
                      PRIVATE fmt::fmt PkgConfig::libuv PkgConfig::xxhash grapevine_schemas)
set(exports ${CMAKE_CURRENT_SOURCE_DIR}/api/exports.map)
target_link_options(grapevine_client_shared PRIVATE
                    -Wl,--no-undefined -Wl,--version-script=${exports})
set_property(TARGET grapevine_client_shared PROPERTY LINK_DEPENDS ${exports})
add_library(Grapevine::client ALIAS grapevine_client_shared)

include(${CMAKE_CURRENT_LIST_DIR}/install.cmake)
