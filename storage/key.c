/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "seg/", two folder names with their slashes */
enum { KEY_PREFIX = 4 + 3 + 3 };

void store_key(const struct id *object, char ret_key[STORE_KEY_SIZE])
{
    char text[ID_TEXT_SIZE];
    id_format(object, text);
    snprintf(ret_key, STORE_KEY_SIZE, "seg/%02x/%02x/%s", object->b[15], object->b[14], text);
}

int store_key_parse(const char *key, struct id *ret_object)
{
    char again[STORE_KEY_SIZE];
    struct id object;
    if (strlen(key) != KEY_PREFIX + ID_TEXT_SIZE - 1 || id_parse(key + KEY_PREFIX, &object) != 0) {
        return -EINVAL;
    }
    /* One object, one key: upper case, another folder, anything else is not a key. */
    store_key(&object, again);
    if (strcmp(key, again) != 0) {
        return -EINVAL;
    }
    *ret_object = object;
    return 0;
}
