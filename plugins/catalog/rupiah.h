/* SPDX-License-Identifier: MIT
 * rupiah.h - prices as people write them. Pure functions on text. */
#ifndef CATALOG_RUPIAH_H
#define CATALOG_RUPIAH_H

#include <stdint.h>

#define RUPIAH_MAX INT64_C(1000000000000)

enum rupiah_error {
    RUPIAH_OK = 0,
    RUPIAH_UNCLEAR = -1,      /* no price, or one that can be read in two ways */
    RUPIAH_NOT_POSITIVE = -2, /* zero or below */
    RUPIAH_FRACTION = -3,     /* not whole rupiah */
    RUPIAH_TOO_LARGE = -4     /* above RUPIAH_MAX */
};

/* Reads "500000", "Rp 500.000", "500rb", "1,5jt", "Rp500.000,-". Sets *rupiah only on RUPIAH_OK. */
int rupiah_parse(const char *text, int64_t *rupiah);

/* Writes "Rp500.000"; returns the bytes written without the NUL. */
int rupiah_write(int64_t rupiah, char out[32]);

#endif
