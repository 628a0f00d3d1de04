grapevine_test(ring_test LABEL unit LINK ring SOURCES
    ring/accusations_test.cc
    ring/change_refusal_test.cc
    ring/change_test.cc
    ring/found_anew_test.cc
    ring/placement_cache_test.cc
    ring/placement_test.cc
    ring/planner_test.cc
    ring/ring_test.cc
    ring/trims_test.cc ring/weight_order_test.cc)

grapevine_test(agreement_test LABEL unit LINK ring SOURCES
    ring/agreement_test.cc
    ring/lease_test.cc)
