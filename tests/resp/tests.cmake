grapevine_test(resp_test LABEL unit LINK resp
               SOURCES resp/request_parser_test.cc resp/session_test.cc resp/cluster_text_test.cc
                       resp/scan_cursor_test.cc resp/flush_test.cc resp/order_test.cc
                       resp/lanes_test.cc resp/pieces_test.cc resp/random_test.cc resp/redirect_test.cc)
