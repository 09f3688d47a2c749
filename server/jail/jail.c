/* SPDX-License-Identifier: Apache-2.0 */
/* The filter is compiled to BPF once and kept in memory: installing it in a child is then one
 * prctl(), which matters at one child per upload. */
#include "jail/jail.h"

#include "jail/landlock.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct jail {
    struct sock_filter *code; /* owned */
    unsigned short n_code;
    int landlock_fd; /* -1 without */
};

/* All that reading media and writing to inherited descriptors needs. No open, no socket, no
 * process, no ioctl; memory only without the execute right. */
static const int allowed[] = {
    SCMP_SYS(read),           SCMP_SYS(write),        SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),       SCMP_SYS(lseek),        SCMP_SYS(recvmsg),
    SCMP_SYS(close),          SCMP_SYS(munmap),       SCMP_SYS(brk),
    SCMP_SYS(madvise),        SCMP_SYS(mremap),       SCMP_SYS(futex),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),   SCMP_SYS(clock_gettime),
    SCMP_SYS(getrandom),      SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
/* gcc says it one way, clang the other. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#endif
#ifdef UNDER_ADDRESS_SANITIZER
    SCMP_SYS(sched_yield),    SCMP_SYS(getpid),       SCMP_SYS(gettid),
    SCMP_SYS(sigaltstack),    SCMP_SYS(mprotect),     SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(prctl),
#endif
};

static int add_rules(scmp_filter_ctx ctx)
{
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
        if (r < 0) {
            return r;
        }
    }
    /* libc looks for character tables and time zones on its own: that fails instead of killing. */
    int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0);
    if (r < 0) {
        return r;
    }
    return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* This libseccomp writes BPF only to a descriptor; a memory file takes it. */
static int export_code(scmp_filter_ctx ctx, struct jail *j)
{
    int fd CLEANUP(fd_close_at) = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int r = seccomp_export_bpf(ctx, fd);
    struct stat st;
    if (r < 0 || fstat(fd, &st) < 0) {
        return r < 0 ? r : -errno;
    }
    size_t n = (size_t)st.st_size;
    j->code = mem_alloc(n, 1);
    if (pread(fd, j->code, n, 0) != (ssize_t)n) {
        return -EIO;
    }
    j->n_code = (unsigned short)(n / sizeof(*j->code));
    return 0;
}

int jail_prepare(struct jail **ret_jail)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (ctx == NULL) {
        return -ENOMEM;
    }
    struct jail *j = mem_new(struct jail);
    j->landlock_fd = -1;
    int r = add_rules(ctx);
    if (r == 0) {
        r = export_code(ctx, j);
    }
    seccomp_release(ctx);
    if (r < 0) {
        jail_destroy(j);
        return r;
    }
    int fd = landlock_deny_all();
    j->landlock_fd = fd >= 0 ? fd : -1;
    *ret_jail = j;
    return 0;
}

static int limit(int what, uint64_t value)
{
    struct rlimit l = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(what, &l) == 0 ? 0 : -errno;
}

static int limit_all(const struct jail_limits *l)
{
#ifndef UNDER_ADDRESS_SANITIZER /* whose shadow memory alone is terabytes of address space */
    int as = limit(RLIMIT_AS, l->memory_bytes);
    if (as < 0) {
        return as;
    }
#endif
    const struct {
        int what;
        uint64_t value;
    } limits[] = {{RLIMIT_FSIZE, l->file_bytes},
                  {RLIMIT_CPU, l->cpu_s},
                  {RLIMIT_NOFILE, l->files},
                  {RLIMIT_NPROC, 0},
                  {RLIMIT_CORE, 0}};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        int r = limit(limits[i].what, limits[i].value);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

int jail_enter(const struct jail *j, const struct jail_limits *limits)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
        return -errno;
    }
    int r = limit_all(limits);
    if (r == 0 && j->landlock_fd >= 0) {
        r = landlock_enter(j->landlock_fd);
        close(j->landlock_fd);
    }
    if (r < 0) {
        return r;
    }
    struct sock_fprog prog = {.len = j->n_code, .filter = j->code};
    return prctl(PR_SET_SECCOMP, 2 /* filter */, &prog) == 0 ? 0 : -errno;
}

struct jail *jail_destroy(struct jail *j)
{
    if (j != NULL) {
        if (j->landlock_fd >= 0) {
            close(j->landlock_fd);
        }
        free(j->code);
        free(j);
    }
    return NULL;
}
