grapevine_library(bench LINK base progress ring client coordinator runtime wire
                  SOURCES balance.cc bout.cc compare.cc etcd_dialect.cc etcd_target.cc exchange.cc
                          experiment.cc failover.cc generator.cc grapevine_target.cc histogram.cc
                          http.cc lane.cc lanes.cc latency.cc native_dialect.cc pacer.cc phase.cc
                          processes.cc raw_stream.cc rebalance.cc record.cc redis_target.cc resp.cc
                          resp_dialect.cc ring_watch.cc scale.cc servers.cc session.cc side.cc
                          statistics.cc throughput.cc timeline.cc workload.cc ycsb.cc zipf.cc)
