grapevine_library(store LINK base SOURCES
                  memory_store.cc
                  memory_store_aside.cc
                  memory_store_check.cc
                  memory_store_expiry.cc)
