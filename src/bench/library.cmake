grapevine_library(bench LINK base ring client coordinator runtime
                  SOURCES experiment.cc generator.cc histogram.cc phase.cc processes.cc rebalance.cc
                          record.cc ring_watch.cc servers.cc session.cc statistics.cc throughput.cc
                          workload.cc)
