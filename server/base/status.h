/* SPDX-License-Identifier: Apache-2.0 */
/* The rules every module shares: how errors are returned, what may be asserted, how memory is got.
 *
 * Errors: functions return int. 0 = done. Negative errno = fatal for this operation, passed up.
 * Positive = one of the module's own X_E_ codes, handled by the direct caller. Outputs come last,
 * are named ret_x, and stay untouched on failure. Memory: allocations whose size we choose go
 * through mem_*() and cannot fail (the process stops: on Linux the kernel's OOM killer acts long
 * before malloc says no). Sizes that come from outside are bounded first. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define MUST_CHECK                    __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a)             __attribute__((format(printf, f, a)))
#define NORETURN                      __attribute__((noreturn))
#define CLEANUP(fn)                   __attribute__((cleanup(fn)))
#define ARRAY_LEN(a)                  (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

/* What cannot happen, checked in release builds too. Never for input. */
#define ALWAYS(cond) ((cond) ? (void)0 : panic(__FILE__, __LINE__, #cond))

void panic(const char *file, int line, const char *what) NORETURN;

/* Zeroed memory for n things of that size; never NULL. mem_dup copies; mem_str copies a C string.
 * All freed with free(). */
void *mem_alloc(size_t n, size_t size);
void *mem_resize(void *p, size_t n, size_t size);
void *mem_dup(const void *p, size_t n);
char *mem_str(const char *s);
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
#define mem_new(type) ((type *)mem_alloc(1, sizeof(type)))

/* For CLEANUP(): frees what the pointer variable points to; closes a descriptor >= 0. */
void mem_free_at(void *pp);
void fd_close_at(int *fd);

/* All n bytes, where the descriptor stands. 0 or negative errno. Blocks: for the pool and the
 * worker. */
int fd_write_all(int fd, const uint8_t *p, size_t n) MUST_CHECK;

#endif
