grapevine_library(node LINK base swim ring store replication client)
