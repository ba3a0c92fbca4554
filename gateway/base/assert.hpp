// OMNI_ASSERT: a broken promise inside the program (never bad input). On in every build but
// release.
#pragma once

#include <cstdio>
#include <cstdlib>

#ifdef NDEBUG
#define OMNI_ASSERT(condition) ((void)0)
#else
#define OMNI_ASSERT(condition)                                                                   \
  ((condition)                                                                                   \
       ? (void)0                                                                                 \
       : (std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition), \
          std::abort()))
#endif
