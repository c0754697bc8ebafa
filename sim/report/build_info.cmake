# Writes RESULT from TEMPLATE with the program's version and the git revision of SOURCE ("unknown" outside a checkout).
set(REVISION unknown)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} describe --always --abbrev=40 --exclude=* --dirty
                  WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE described RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed)
    set(REVISION ${described})
  endif()
endif()
configure_file(${TEMPLATE} ${RESULT} @ONLY)
