grapevine_library(runtime LINK base ring store command resp client node coordinator wire libuv
                  SOURCES admin.cc arguments.cc ask.cc background.cc children.cc client_host.cc clock.cc
                          cluster_view.cc coordinator_host.cc
                          drain.cc
                          endpoint.cc
                          farewell.cc
                          frame_link.cc inbound.cc json.cc line_source.cc
                          listen.cc logger.cc loop.cc node_host.cc notes.cc output.cc
                          peer_links.cc process.cc read_file.cc redis_front.cc script.cc socket_address.cc stream.cc system.cc trace.cc vault.cc
                          wait.cc)
