# Not a test: a program that one runs to see what a change costs or brings.
add_executable(cost_measure cost/cost_measure.cc cost/allocations.cc)
set_target_properties(cost_measure PROPERTIES UNITY_BUILD OFF)
target_link_libraries(cost_measure PRIVATE grapevine_node grapevine_store grapevine_wire)
add_executable(placement_measure cost/placement_measure.cc)
set_target_properties(placement_measure PROPERTIES UNITY_BUILD OFF)
target_link_libraries(placement_measure PRIVATE grapevine_ring)
