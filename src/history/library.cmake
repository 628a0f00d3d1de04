grapevine_library(history LINK base client command SOURCES
                  key_search.cc linearizability.cc of_client.cc program_model.cc record.cc register.cc
                  shortcuts.cc)
