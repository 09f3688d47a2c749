/* SPDX-License-Identifier: Apache-2.0 */
/* Endings first, then from the right: the number, before it the track of a DASH name. */
#include "ingest/piece_name.h"

#include "base/str.h"

#include <string.h>

enum ending { END_OTHER, END_TS, END_FRAGMENT, END_FILE, END_PLAYLIST, END_PICTURE };

static const struct {
    const char *text;
    enum ending ending;
} endings[] = {
    {".ts", END_TS},        {".m2ts", END_TS},       {".mts", END_TS},
    {".m4s", END_FRAGMENT}, {".cmfv", END_FRAGMENT}, {".cmfa", END_FRAGMENT},
    {".mp4", END_FILE},     {".m4v", END_FILE},      {".mkv", END_FILE},
    {".webm", END_FILE},    {".mov", END_FILE},      {".m3u8", END_PLAYLIST},
    {".m3u", END_PLAYLIST}, {".mpd", END_PLAYLIST},  {".jpg", END_PICTURE},
    {".jpeg", END_PICTURE},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.';
}

/* A name without its ending. */
struct base {
    char text[PIECE_STEM_MAX + 1];
    size_t n;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool ends_with(const char *s, size_t n, const char *ending)
{
    size_t m = strlen(ending);
    for (size_t i = 0; i < m && m <= n; i++) {
        if (lower(s[n - m + i]) != ending[i]) {
            return false;
        }
    }
    return m <= n;
}

static enum ending split_ending(const char *name, struct base *ret_base)
{
    size_t n = strlen(name);
    n -= ends_with(name, n, ".tmp") ? 4 : 0; /* written under another name first */
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        if (ends_with(name, n, endings[i].text)) {
            ret_base->n = n - strlen(endings[i].text);
            memcpy(ret_base->text, name, ret_base->n);
            ret_base->text[ret_base->n] = '\0';
            return endings[i].ending;
        }
    }
    return END_OTHER;
}

static void drop_front(struct base *b, size_t n)
{
    memmove(b->text, b->text + n, b->n - n + 1);
    b->n -= n;
}

static void cut_to(struct base *b, size_t n)
{
    b->n = n;
    b->text[n] = '\0';
}

/* A leading word and the separators after it. */
static bool drop_word(struct base *b, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++) {
        if (i >= b->n || lower(b->text[i]) != word[i]) {
            return false;
        }
    }
    if (n < b->n && !is_separator(b->text[n]) && !is_digit(b->text[n])) {
        return false; /* "initial" */
    }
    while (n < b->n && is_separator(b->text[n])) {
        n++;
    }
    drop_front(b, n);
    return true;
}

/* The digits at the end, taken off. False: there are none, or too many to be a number. */
static bool take_number(struct base *b, int64_t *ret_number)
{
    size_t at = b->n;
    int64_t v = 0;
    while (at > 0 && is_digit(b->text[at - 1])) {
        at--;
    }
    for (size_t i = at; i < b->n; i++) {
        int digit = b->text[i] - '0';
        if (v > (PIECE_NUMBER_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    if (at == b->n) {
        return false;
    }
    cut_to(b, at);
    *ret_number = v;
    return true;
}

/* "2026-11-23_18-52-03" and the like at the end are one number, not a stem per minute. The parts:
 * year, month, day, hour, minute, second, and perhaps a fraction. */
static bool take_date(struct base *b, int64_t *ret_number)
{
    static const uint8_t widths[] = {4, 2, 2, 2, 2, 2};
    for (size_t at = 0; at + 14 <= b->n; at++) {
        size_t i = at;
        int64_t v = 0;
        unsigned digits = 0, dividers = 0;
        for (size_t part = 0; part < ARRAY_LEN(widths); part++) {
            if (part > 0 && i < b->n && (is_separator(b->text[i]) || b->text[i] == 'T')) {
                i++;
                dividers++;
            }
            for (unsigned k = 0; k < widths[part] && i < b->n && is_digit(b->text[i]); k++, i++) {
                v = v * 10 + (b->text[i] - '0');
                digits++;
            }
        }
        bool alone = at == 0 || !is_digit(b->text[at - 1]);
        if (alone && digits == 14 && dividers > 0 && i == b->n && v >= INT64_C(19700101000000)) {
            cut_to(b, at);
            *ret_number = v;
            return true;
        }
    }
    return false;
}

/* "stream0", "track_1": the word stays in the stem, its number is the track. */
static int take_track(struct base *b)
{
    static const char *const words[] = {"stream", "track", "rep", "video", "audio"};
    struct base cut = *b;
    int64_t number;
    while (cut.n > 0 && is_separator(cut.text[cut.n - 1])) {
        cut_to(&cut, cut.n - 1);
    }
    if (!take_number(&cut, &number) || number >= PIECE_TRACKS_MAX) {
        return -1;
    }
    size_t end = cut.n;
    while (end > 0 && is_separator(cut.text[end - 1])) {
        end--;
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (ends_with(cut.text, end, words[i])) {
            *b = cut;
            return (int)number;
        }
    }
    return -1;
}

static void parse_init(struct base *b, struct piece_name *p)
{
    p->role = PIECE_INIT;
    p->track = take_track(b);
    memcpy(p->stem, b->text, b->n + 1);
}

static void parse_media(struct base *b, enum ending ending, struct piece_name *p)
{
    if (!take_date(b, &p->number) && !take_number(b, &p->number)) {
        return;
    }
    p->role = PIECE_MEDIA;
    p->needs_live = ending == END_FILE;
    if (ending == END_FRAGMENT) {
        (void)(drop_word(b, "chunk") || drop_word(b, "segment") || drop_word(b, "seg"));
        p->track = take_track(b);
    }
    memcpy(p->stem, b->text, b->n + 1);
}

void piece_name_parse(const char *name, struct piece_name *ret_name)
{
    struct piece_name p = {.role = PIECE_NONE, .track = -1};
    struct base b = {.n = 0};
    enum ending ending = strlen(name) <= PIECE_STEM_MAX ? split_ending(name, &b) : END_OTHER;
    switch (ending) {
    case END_PLAYLIST:
        p.role = PIECE_PLAYLIST;
        memcpy(p.stem, b.text, b.n + 1);
        break;
    case END_PICTURE:
        p.role = PIECE_SNAPSHOT;
        break;
    case END_FRAGMENT:
    case END_FILE:
        if (drop_word(&b, "init")) {
            parse_init(&b, &p);
            break;
        }
        parse_media(&b, ending, &p);
        break;
    case END_TS:
        parse_media(&b, ending, &p);
        break;
    case END_OTHER:
        break;
    }
    *ret_name = p;
}
