grapevine_test(progress_test LABEL unit LINK progress SOURCES progress/progress_test.cc)
