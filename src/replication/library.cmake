grapevine_library(replication LINK base ring store command SOURCES
                  backup.cc
                  changed_keys.cc
                  fill_stream.cc
                  outbox.cc
                  partition.cc
                  partition_log.cc
                  pending_ids.cc
                  primary.cc
                  primary_at_once.cc
                  primary_bounds.cc
                  primary_requests.cc
                  primary_upkeep.cc
                  primary_writes.cc
                  refusal.cc
                  replication.cc
                  request_memory.cc
                  view.cc)
