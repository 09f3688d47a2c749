/* SPDX-License-Identifier: Apache-2.0 */
/* A part's content ends at CR LF "--" boundary. CR stands only at the beginning of that, so a match
 * that fails was content up to where it failed, and may only begin anew there. The very first
 * delimiter may lack its CR LF: the match starts as if that had been seen. */
#include "http/multipart.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { S_PREAMBLE, S_CONTENT, S_AFTER, S_HEAD, S_EPILOGUE, S_BAD };
enum { AFTER_NOTHING, AFTER_DASH, AFTER_BLANK, AFTER_CR };

static bool is_boundary_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

/* A parameter's value at s, quoted or not, to out. Returns where it ends, or NULL. */
static const char *value_read(const char *s, char *out, size_t size)
{
    size_t n = 0;
    bool quoted = *s == '"';
    s += quoted;
    while (*s != '\0' && (quoted ? *s != '"' : strchr("; \t", *s) == NULL)) {
        s += quoted && *s == '\\' && (s[1] == '"' || s[1] == '\\');
        if (n + 1 >= size) {
            return NULL;
        }
        out[n++] = *s++;
    }
    out[n] = '\0';
    if (quoted && *s++ != '"') {
        return NULL;
    }
    return s;
}

/* The value of `name` among the parameters behind the first `;`. 0: found; 1: not there; -EINVAL.
 */
static int parameter(const char *header, const char *name, char *out, size_t size)
{
    char skipped[MULTIPART_HEAD_MAX];
    const char *s = strchr(header, ';');
    while (s != NULL && *s == ';') {
        s += 1 + strspn(s + 1, " \t");
        size_t key = strcspn(s, "=; \t");
        if (key == 0 || s[key] != '=') {
            return *s == '\0' ? 1 : -EINVAL;
        }
        bool wanted = strlen(name) == key && strncasecmp(s, name, key) == 0;
        s = value_read(s + key + 1, wanted ? out : skipped, wanted ? size : sizeof skipped);
        if (s == NULL || wanted) {
            return s == NULL ? -EINVAL : 0;
        }
        s += strspn(s, " \t");
    }
    return s == NULL || *s == '\0' ? 1 : -EINVAL;
}

int multipart_init(struct multipart *m, const char *content_type)
{
    char boundary[MULTIPART_BOUNDARY_MAX + 1];
    static const char want[] = "multipart/form-data";
    if (content_type == NULL || strncasecmp(content_type, want, sizeof want - 1) != 0 ||
        strchr("; \t", content_type[sizeof want - 1]) == NULL ||
        parameter(content_type, "boundary", boundary, sizeof boundary) != 0) {
        return -EINVAL;
    }
    size_t n = strlen(boundary);
    for (size_t i = 0; i < n; i++) {
        if (!is_boundary_char(boundary[i])) {
            return -EINVAL;
        }
    }
    if (n == 0 || boundary[n - 1] == ' ') {
        return -EINVAL;
    }
    memset(m, 0, sizeof *m);
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary, n);
    m->delimiter_n = n + 4;
    m->matched = 2;
    return 0;
}

static enum multipart_event bad(struct multipart *m, const char *complaint)
{
    m->state = S_BAD;
    m->complaint = complaint;
    return MULTIPART_BAD;
}

/* ---- content ---- */
/* Goes on until there is something to say, or nothing left. */
static enum multipart_event content(struct multipart *m, const uint8_t *p, size_t n, size_t *used,
                                    struct multipart_span *span)
{
    size_t i = *used;
    bool told = m->state == S_CONTENT;
    while (i < n) {
        if (m->matched == 0 && p[i] != '\r') {
            const uint8_t *cr = memchr(p + i, '\r', n - i);
            size_t end = cr != NULL ? (size_t)(cr - p) : n;
            *span = (struct multipart_span){.p = p + i, .n = end - i};
            i = end;
        } else if (p[i] == m->delimiter[m->matched]) {
            i++;
            if (++m->matched < m->delimiter_n) {
                continue;
            }
            m->state = S_AFTER;
            m->after = AFTER_NOTHING;
            *used = i;
            return told ? MULTIPART_PART_END : MULTIPART_MORE;
        } else {
            *span = (struct multipart_span){.p = m->delimiter, .n = m->matched, .inside = true};
            m->matched = 0;
        }
        if (told) {
            *used = i;
            return MULTIPART_DATA;
        }
    }
    *used = i;
    return MULTIPART_MORE;
}

/* ---- behind a delimiter ---- */
static enum multipart_event after(struct multipart *m, uint8_t c)
{
    switch (m->after) {
    case AFTER_DASH:
        m->state = S_EPILOGUE;
        return c == '-' ? MULTIPART_END : bad(m, "A boundary ends oddly.");
    case AFTER_CR:
        m->state = S_HEAD;
        m->head_n = 0;
        return c == '\n' ? MULTIPART_MORE : bad(m, "A boundary ends oddly.");
    default:
        if (c == '-' && m->after == AFTER_NOTHING) {
            m->after = AFTER_DASH;
        } else if (c == '\r') {
            m->after = AFTER_CR;
        } else if (c == ' ' || c == '\t') {
            m->after = AFTER_BLANK;
        } else {
            return bad(m, "A boundary ends oddly.");
        }
        return MULTIPART_MORE;
    }
}

/* ---- a part's head ---- */
static enum multipart_event head_line(struct multipart *m, const char *line, bool *ret_named)
{
    static const char want[] = "Content-Disposition:";
    if (strncasecmp(line, want, sizeof want - 1) != 0) {
        return MULTIPART_MORE;
    }
    const char *value = line + sizeof want - 1;
    value += strspn(value, " \t");
    int named = strncasecmp(value, "form-data", 9) == 0
                    ? parameter(value, "name", m->name, sizeof m->name)
                    : -EINVAL;
    int filed = parameter(value, "filename", m->filename, sizeof m->filename);
    if (named != 0 || filed < 0 || !str_is_text(m->name, strlen(m->name)) ||
        !str_is_text(m->filename, strlen(m->filename))) {
        return bad(m, "A part has no Content-Disposition: form-data with a name that is text.");
    }
    *ret_named = true;
    return MULTIPART_MORE;
}

static enum multipart_event head_done(struct multipart *m)
{
    bool named = false;
    m->name[0] = m->filename[0] = '\0';
    m->head[m->head_n] = '\0';
    if (strlen(m->head) != m->head_n) {
        return bad(m, "A part's head is not text.");
    }
    for (char *line = m->head, *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        *end = '\0';
        if (head_line(m, line, &named) == MULTIPART_BAD) {
            return MULTIPART_BAD;
        }
    }
    if (!named) {
        return bad(m, "A part has no Content-Disposition: form-data with a name that is text.");
    }
    if (++m->parts > MULTIPART_PARTS_MAX) {
        return bad(m, "There are too many parts.");
    }
    m->state = S_CONTENT;
    m->matched = 0;
    return MULTIPART_PART;
}

static enum multipart_event head(struct multipart *m, uint8_t c)
{
    if (m->head_n == MULTIPART_HEAD_MAX) {
        return bad(m, "A part's head is too long.");
    }
    m->head[m->head_n++] = (char)c;
    bool ended = m->head_n >= 4 && memcmp(m->head + m->head_n - 4, "\r\n\r\n", 4) == 0;
    bool empty = m->head_n == 2 && memcmp(m->head, "\r\n", 2) == 0;
    return ended || empty ? head_done(m) : MULTIPART_MORE;
}

enum multipart_event multipart_next(struct multipart *m, const uint8_t *p, size_t n,
                                    size_t *ret_used, struct multipart_span *ret_span)
{
    enum multipart_event e = MULTIPART_MORE;
    size_t used = 0;
    while (used < n && e == MULTIPART_MORE) {
        switch (m->state) {
        case S_PREAMBLE:
        case S_CONTENT:
            e = content(m, p, n, &used, ret_span);
            break;
        case S_AFTER:
            e = after(m, p[used++]);
            break;
        case S_HEAD:
            e = head(m, p[used++]);
            break;
        case S_EPILOGUE:
            used = n;
            break;
        default:
            e = MULTIPART_BAD;
            break;
        }
    }
    *ret_used = used;
    return e;
}
