/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: object keys of ONVIF cameras (Recording Control Service, annex "Object storage recording
 * format"): [prefix/]YYYY-MM-DD[/postfix]/HH/MM-SS[.frac]Z.N.(mp4|m4v|m4a|m4m)[_end], and the
 * topics of the events that made a camera record. */
#ifndef INGEST_ONVIF_KEY_H
#define INGEST_ONVIF_KEY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { ONVIF_KEY_MAX = 255 };

struct onvif_key {
    int64_t time_us;              /* of its first sample; of an end: where the span ends */
    uint32_t number;              /* within its span from 0; of an end: how many there were */
    bool end;                     /* the empty object that closes a span */
    bool audio, metadata;         /* a track of its own without pictures: m4a, m4m */
    char span[ONVIF_KEY_MAX + 8]; /* "PREFIX//POSTFIX.EXT": the same for all of a span */
};
/* -EINVAL: the key is not of that form. */
int onvif_key_parse(const char *key, struct onvif_key *ret_key) MUST_CHECK;

/* The kind of clip (recording/clip.h) that an event's topic speaks of; NULL when it says none. */
const char *onvif_kind_of_topic(const char *topic);
/* ISO 8601 duration such as PT59.96S or PT1M, in milliseconds. -EINVAL otherwise. */
int onvif_duration_parse(const char *s, int64_t *ret_ms) MUST_CHECK;

#endif
