grapevine_test(ring_test LABEL unit LINK ring SOURCES
    ring/placement_test.cc
    ring/planner_test.cc)
