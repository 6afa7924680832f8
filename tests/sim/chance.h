/* chance.h - chance from a seed: the same numbers on every machine. */
#ifndef TOKOBOT_SIM_CHANCE_H
#define TOKOBOT_SIM_CHANCE_H

#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *c) /* splitmix64 */
{
    uint64_t z = (c->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline int64_t chance_range(struct chance *c, int64_t from, int64_t to) /* both included */
{
    return from + (int64_t)(chance_next(c) % (uint64_t)(to - from + 1));
}

static inline int chance_percent(struct chance *c, int percent)
{
    return chance_range(c, 0, 99) < percent;
}

static inline int chance_permille(struct chance *c, int permille)
{
    return chance_range(c, 0, 999) < permille;
}

#endif
