grapevine_test(client_test LABEL unit LINK client
               SOURCES client/chaos_test.cc client/client_test.cc client/confirm_test.cc client/failure_test.cc
                       client/unknown_test.cc)
