grapevine_test(replication_test LABEL unit LINK replication
               SOURCES replication/agenda_test.cc replication/at_once_test.cc replication/backlog_test.cc
                       replication/changed_keys_test.cc replication/delivery_test.cc replication/expiry_test.cc
                       replication/fill_test.cc replication/pending_ids_test.cc replication/program_test.cc
                       replication/request_memory_test.cc replication/request_test.cc
                       replication/rest_test.cc replication/room_test.cc
                       replication/takeover_test.cc replication/write_test.cc)
