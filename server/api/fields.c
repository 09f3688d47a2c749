/* SPDX-License-Identifier: Apache-2.0 */
#include "api/fields.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

static bool listed(const char *name, const char *const *names)
{
    for (; *names; names++) {
        if (!strcmp(*names, name)) {
            return true;
        }
    }
    return false;
}

bool api_fields_known(struct http_exchange *x, const json_t *body, const char *const *names)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (!listed(name, names)) {
            http_answer_problem(x, PROBLEM_invalid_field, "/%.64s: this member is not known.",
                                str_is_text(name, strlen(name)) ? name : "?");
            return false;
        }
    }
    return true;
}

static size_t characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++) {
        n += ((unsigned char)*s & 0xc0) != 0x80;
    }
    return n;
}

bool api_field_text(struct http_exchange *x, const json_t *body, const struct api_text_field *f,
                    const char **ret)
{
    const json_t *value = json_object_get(body, f->name);
    if (f->optional && (!value || json_is_null(value))) {
        *ret = NULL;
        return true;
    }
    const char *s = json_string_value(value);
    if (!s || strlen(s) != json_string_length(value) || !str_is_text(s, strlen(s)) ||
        (f->single_line && strpbrk(s, "\t\n"))) {
        http_answer_problem(x, PROBLEM_invalid_field, "/%s: %s of text is needed.", f->name,
                            f->single_line ? "one line" : "a piece");
        return false;
    }
    size_t n = characters(s);
    if (n < f->min || n > f->max) {
        http_answer_problem(x, PROBLEM_invalid_field, "/%s: %zu to %zu characters are taken.",
                            f->name, f->min, f->max);
        return false;
    }
    *ret = s;
    return true;
}

bool api_field_time(struct http_exchange *x, const json_t *body, const char *name, int64_t *ret_us)
{
    const char *s = json_string_value(json_object_get(body, name));
    if (s && !clock_parse(s, ret_us)) {
        return true;
    }
    http_answer_problem(x, PROBLEM_invalid_field,
                        "/%s: a time such as 2026-11-23T18:52:03Z is needed.", name);
    return false;
}

static bool repeated(const struct id *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (id_equal(&ids[i], &ids[n])) {
            return true;
        }
    }
    return false;
}

bool api_field_ids(struct http_exchange *x, const json_t *body, const char *name, size_t max,
                   struct id *ret_ids, size_t *ret_n)
{
    const json_t *list = json_object_get(body, name);
    size_t n = json_array_size(list);
    if (n < 1 || n > max) {
        http_answer_problem(x, PROBLEM_invalid_field, "/%s: a list of 1 to %zu ids is needed.",
                            name, max);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *s = json_string_value(json_array_get(list, i));
        if (!s || id_parse(s, &ret_ids[i]) || repeated(ret_ids, i)) {
            http_answer_problem(x, PROBLEM_invalid_field,
                                "/%s/%zu: an id that is not in the list yet is needed.", name, i);
            return false;
        }
    }
    *ret_n = n;
    return true;
}
