grapevine_test(base_test LABEL unit LINK base
               SOURCES base/address_test.cc base/counted_test.cc base/hash_test.cc
                       base/probed_table_test.cc base/rate_test.cc base/rng_test.cc
                       base/short_list_test.cc)
