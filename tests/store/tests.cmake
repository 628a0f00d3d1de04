grapevine_test(store_test LABEL unit LINK store SOURCES store/memory_store_test.cc)
