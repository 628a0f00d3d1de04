grapevine_test(replication_test LABEL unit LINK replication
               SOURCES replication/replication_test.cc
                       replication/request_memory_test.cc)
