grapevine_library(client LINK base ring store
                  SOURCES client.cc outcome_text.cc peer_table.cc ring_poller.cc)
