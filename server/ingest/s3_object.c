/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/s3_object.h"

#include "base/clock.h"
#include "ingest/onvif_key.h"
#include "recording/clip.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

unsigned s3_object_add(struct db_tx *tx, const struct s3_object *o)
{
    struct onvif_key k;
    bool known = onvif_key_parse(o->key, &k) == 0;
    return db_tx_add(tx, DB_S3_OBJECT_PUT, DB_ID(o->camera), DB_TEXT(o->key), DB_ID(o->clip),
                     DB_I64(o->bytes), DB_TEXT(o->etag), DB_TEXT(o->content_type),
                     DB_TEXT(o->metadata), DB_I64(clock_now_us()), DB_TEXT(known ? k.span : NULL),
                     known ? DB_I64(k.number) : DB_NULL, known ? DB_I64(k.time_us) : DB_NULL,
                     DB_BOOL(known && k.end));
}

const char *s3_metadata_value(const char *metadata, const char *name, char *out, size_t size)
{
    size_t want = strlen(name);
    for (const char *p = metadata; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        if (n > want && n - want - 1 < size && p[want] == ':' && strncasecmp(p, name, want) == 0) {
            memcpy(out, p + want + 1, n - want - 1);
            out[n - want - 1] = '\0';
            return out;
        }
        p += n + (p[n] == '\n');
    }
    return NULL;
}

static bool makes_sense(int64_t started_us, int64_t now_us)
{
    static const int64_t day_us = INT64_C(86400) * CLOCK_US, earliest_us = INT64_C(946684800000000);
    return started_us >= earliest_us && started_us <= now_us + day_us;
}

void s3_object_hints(const char *key, const char *metadata, int64_t now_us,
                     struct s3_hints *ret_hints)
{
    char value[256];
    struct onvif_key k;
    int64_t us = 0;
    const char *kind = "other";
    if (onvif_key_parse(key, &k) == 0) {
        kind = "continuous";
        us = k.time_us;
    }
    const char *topic = s3_metadata_value(metadata, "eventtopic", value, sizeof value);
    const char *told = topic != NULL ? onvif_kind_of_topic(topic) : NULL;
    kind = told != NULL ? told : kind;
    const char *started = s3_metadata_value(metadata, "started-at", value, sizeof value);
    if (started != NULL && clock_parse(started, &us) != 0) {
        us = 0;
    }
    const char *own = s3_metadata_value(metadata, "kind", value, sizeof value);
    kind = own != NULL && clip_kind_known(own) ? own : kind;
    snprintf(ret_hints->kind, sizeof ret_hints->kind, "%s", kind);
    ret_hints->started_us = makes_sense(us, now_us) ? us : 0;
}
