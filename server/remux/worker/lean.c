/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/lean.h"

#include "base/status.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What jobs call, and what those call: beginnings of file names. libgme and libopenmpt look at what
 * a transport stream does not name (av_probe_input_format). */
static const char *const kept[] = {
    "libc.",       "libm.",      "ld-linux",       "libavformat.", "libavcodec.", "libavutil.",
    "libswscale.", "libcrypto.", "libswresample.", "libseccomp.",  "libsodium.",  "libz.",
    "libpthread.", "libgcc_s.",  "libstdc++.",     "libbz2.",      "libgme.",     "libopenmpt.",
    "libasan.",    "libubsan.",  "libclang_rt.",
};

static bool keep(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    if (*name == '\0') {
        return true; /* the program itself */
    }
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        if (strncmp(name, kept[i], strlen(kept[i])) == 0) {
            return true;
        }
    }
    return strncmp(name, "linux-vdso", 10) == 0 || strstr(path, "/gconv/") != NULL;
}

static int leave(struct dl_phdr_info *lib, size_t size, void *arg)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < lib->dlpi_phnum && !keep(lib->dlpi_name); i++) {
        const ElfW(Phdr) *h = &lib->dlpi_phdr[i];
        if (h->p_type == PT_LOAD) {
            uintptr_t from = (lib->dlpi_addr + h->p_vaddr) & ~(page - 1);
            uintptr_t to = (lib->dlpi_addr + h->p_vaddr + h->p_memsz + page - 1) & ~(page - 1);
            (void)!madvise((void *)from, to - from, MADV_DONTFORK); /* refused: it is only dearer */
        }
    }
    return 0;
}

void lean_children(void)
{
    dl_iterate_phdr(leave, NULL);
}
