/* SPDX-License-Identifier: MIT
 * no-symbol.c - a library that is no plugin: it exports nothing that the host knows. */

__attribute__((visibility("default"))) int answer(void);
int answer(void)
{
    return 42;
}
