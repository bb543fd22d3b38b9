/* Linux: CPU affinity, AMX's permission, the features of arm64. Its control groups are in cgroup.c. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform.h"
#include "system.h"

long platform_affinity(void) {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

bool platform_request_amx(void) {
#if defined(__x86_64__)
    const int request = 0x1023, tiles = 18; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA: newer than some headers */
    return syscall(SYS_arch_prctl, request, tiles) == 0;
#else
    return false;
#endif
}

bool platform_has_dot_products(void) {
    const unsigned long dot_products = 1ul << 20; /* HWCAP_ASIMDDP, which older headers lack */
    return getauxval(AT_HWCAP) & dot_products;
}

#else
typedef int platform_not_linux; /* a translation unit is not empty */
#endif
