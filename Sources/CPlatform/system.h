/* What posix.c and cpu.c need of the operating system beyond POSIX: linux.c, or other.c for all other systems. */
#ifndef LIMBECK_SYSTEM_H
#define LIMBECK_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* The CPUs that this process may run on; 0: not known. */
long platform_affinity(void);

/* On arm64, whether the CPU has the dot products of int8. */
bool platform_has_dot_products(void);

#endif
