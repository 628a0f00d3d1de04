grapevine_library(replication LINK base ring store)
