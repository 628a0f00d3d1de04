grapevine_test(node_test LABEL unit LINK node SOURCES
    node/bad_links_test.cc
    node/batching_test.cc
    node/consent_test.cc
    node/governor_test.cc
    node/heartbeats_test.cc
    node/link_checks_test.cc
    node/links_test.cc
    node/losses_test.cc
    node/obstacle_test.cc
    node/readmission_test.cc
    node/reminder_test.cc
    node/ring_history_test.cc
    node/ring_news_test.cc
    node/ring_polls_test.cc)
grapevine_test(forged_test LABEL unit LINK node wire SOURCES
    node/forged_test.cc
    wire/samples.cc)
