/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over a folder of inputs, so that the corpus is a plain test with any compiler.
 */
#include "base/status.h"

#include <dirent.h>
#include <stdio.h>

enum { INPUT_MAX = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int replay(const char *folder, const char *name)
{
    CLEANUP(mem_free_at) char *path = mem_printf("%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return -1;
    }
    CLEANUP(mem_free_at) uint8_t *bytes = mem_alloc(INPUT_MAX, 1);
    size_t n = fread(bytes, 1, INPUT_MAX, f);
    fclose(f);
    uint8_t *exact = mem_dup(bytes, n); /* so that a sanitizer sees one byte too far */
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
    unsigned inputs = 0;
    if (d == NULL) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.' && replay(argv[1], e->d_name) == 0) {
            inputs++;
        }
    }
    closedir(d);
    printf("%u inputs\n", inputs);
    return inputs == 0; /* an empty corpus proves nothing */
}
