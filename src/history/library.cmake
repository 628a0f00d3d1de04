grapevine_library(history LINK base client SOURCES
                  key_search.cc linearizability.cc of_client.cc record.cc register.cc shortcuts.cc)
