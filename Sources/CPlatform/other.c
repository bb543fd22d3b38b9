/* Systems other than Linux: what is not known of them. */
#if !defined(__linux__)
#include "platform.h"
#include "system.h"

long platform_affinity(void) { return 0; }
bool platform_request_amx(void) { return false; }
bool platform_has_dot_products(void) { return false; }

#else
typedef int platform_linux; /* a translation unit is not empty */
#endif
