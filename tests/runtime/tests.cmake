grapevine_test(runtime_text_test LABEL unit LINK runtime
               SOURCES runtime/arguments_test.cc runtime/cluster_view_test.cc runtime/output_test.cc runtime/trace_test.cc
                       runtime/listen_test.cc runtime/vault_test.cc runtime/read_file_test.cc
                       runtime/notes_test.cc runtime/process_test.cc runtime/redis_front_test.cc
                       runtime/system_test.cc)
# Real sockets on loopback: these wait.
grapevine_test(runtime_socket_test LABEL e2e LINK runtime
               SOURCES runtime/children_test.cc runtime/endpoint_test.cc runtime/inbound_test.cc
                       runtime/inbound_text_test.cc
                       runtime/background_test.cc runtime/farewell_test.cc runtime/line_source_test.cc runtime/loop_test.cc
                       runtime/peer_links_test.cc runtime/stream_test.cc)
