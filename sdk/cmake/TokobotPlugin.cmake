# tokobot_plugin(NAME file.c ... [TEXTS folder] [LIBS target ...] [NO_INSTALL])
#   builds NAME.so as the host wants it: one exported symbol, nothing left undefined. TEXTS holds
#   id.ini, en.ini ...; they are compiled in as `const struct bot_text_file NAME_texts[]` (every '-'
#   of NAME written '_'), to be named in the manifest.
# tokobot_embed_texts(SYMBOL folder OUT) makes only that source file.

set(TOKOBOT_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(tokobot_embed_texts name folder out)
  string(REPLACE "-" "_" symbol "${name}")
  file(GLOB inis CONFIGURE_DEPENDS ${folder}/*.ini)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/${symbol}_texts.c)
  add_custom_command(OUTPUT ${file}
      COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol}_texts -DFOLDER=${folder} -DOUT=${file}
              -P ${TOKOBOT_CMAKE_DIR}/embed_texts.cmake
      DEPENDS ${inis} ${TOKOBOT_CMAKE_DIR}/embed_texts.cmake
      COMMENT "Texts of ${name}" VERBATIM)
  set(${out} ${file} PARENT_SCOPE)
endfunction()

function(tokobot_plugin name)
  cmake_parse_arguments(arg "NO_INSTALL" "TEXTS" "LIBS" ${ARGN})
  set(sources ${arg_UNPARSED_ARGUMENTS})
  if(arg_TEXTS)
    tokobot_embed_texts(${name} ${CMAKE_CURRENT_SOURCE_DIR}/${arg_TEXTS} texts)
    list(APPEND sources ${texts})
  endif()
  add_library(plugin_${name} MODULE ${sources})
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name} SUFFIX .so
      C_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  if(TARGET tokobot_sdk)
    target_link_libraries(plugin_${name} PRIVATE tokobot_sdk)
  else()
    target_link_libraries(plugin_${name} PRIVATE Tokobot::tokobot_sdk)
  endif()
  target_link_libraries(plugin_${name} PRIVATE ${arg_LIBS})
  if(TARGET tokobot_options) # in the host's own tree: its warnings and sanitizers
    target_link_libraries(plugin_${name} PRIVATE tokobot_options)
  endif()
  if(NOT arg_NO_INSTALL)
    install(TARGETS plugin_${name} LIBRARY DESTINATION plugins)
  endif()
  # A sanitizer's runtime lives in the host, so its symbols stay undefined in a plugin.
  if(NOT TOKOBOT_SANITIZE)
    target_link_options(plugin_${name} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
