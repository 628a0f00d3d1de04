grapevine_library(client LINK base ring store
                  SOURCES client.cc confirming.cc outcome_text.cc peer_table.cc replies.cc ring_poller.cc routing.cc)
