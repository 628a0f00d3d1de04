# Writes OUTPUT, only where it changes, with the release and the commit of SOURCE_DIR; "unknown" in
# a source tree that is no checkout (a tarball, also one unpacked inside another project's).
set(commit unknown)
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE_DIR}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE result ERROR_QUIET)
  if(result EQUAL 0)
    set(commit ${described})
  endif()
endif()
set(text "#pragma once
// Made by cmd/version.cmake.
#define GRAPEVINE_RELEASE \"${RELEASE}\"
#define GRAPEVINE_COMMIT \"${commit}\"
")
set(present "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} present)
endif()
if(NOT present STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
