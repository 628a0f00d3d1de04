# Messages only: wire sees the cores' headers, and the functions with which rings check themselves.
add_subdirectory(${PROJECT_SOURCE_DIR}/schemas ${PROJECT_BINARY_DIR}/schemas)
grapevine_library(wire LINK base swim ring store replication client node
                  SOURCES agreement_codec.cc change_codec.cc client_codec.cc client_rules.cc direct.cc frame.cc
                          hello.cc replication_codec.cc replication_rules.cc request_form.cc
                          ring_codec.cc ring_rules.cc swim_codec.cc swim_rules.cc wire.cc)
target_link_libraries(grapevine_wire PRIVATE grapevine_schemas)
