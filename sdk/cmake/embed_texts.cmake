# cmake -DSYMBOL=... -DFOLDER=... -DOUT=... -P embed_texts.cmake
# Writes FOLDER/*.ini as a table of struct bot_text_file; bytes as numbers, so nothing needs escaping.
file(GLOB files ${FOLDER}/*.ini)
list(SORT files)
set(arrays "")
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(language ${file} NAME_WE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char text_${language}[] = {\n${bytes}0 };\n")
  string(APPEND rows "    { \"${language}\", (const char *)text_${language} },\n")
endforeach()
file(WRITE ${OUT} "/* Made from ${SYMBOL}'s texts folder by the build. */
#include <tokobot/plugin.h>
${arrays}
extern const struct bot_text_file ${SYMBOL}[];
const struct bot_text_file ${SYMBOL}[] = {
${rows}    { NULL, NULL },
};
")
