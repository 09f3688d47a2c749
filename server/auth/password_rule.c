/* SPDX-License-Identifier: Apache-2.0 */
/* A password is common when, undressed (lower case, digits that stand for letters turned back,
 * blanks and punctuation dropped), it is made of nothing but words of the list, digits that run or
 * repeat, and one repeated character. The list (common_passwords.txt, embedded sorted) holds the
 * words. */
#include "auth/password_rule.h"

#include "base/str.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const char *const words[] = {
#include "common_passwords.inc"
};
enum { WORD_MIN = 3, WORD_MAX = 24 };

static bool listed(const char *s, size_t n)
{
    size_t low = 0, high = ARRAY_LEN(words);
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = strncmp(words[mid], s, n);
        if (!c && !words[mid][n]) {
            return true;
        }
        if (c < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return false;
}

/* How many bytes at s are one run: the same character, or characters going up or down by one. */
static size_t run(const char *s, size_t n)
{
    size_t best = 1;
    for (int step = -1; step <= 1; step++) {
        size_t i = 1;
        while (i < n && s[i] - s[i - 1] == step) {
            i++;
        }
        best = i > best ? i : best;
    }
    return best;
}

/* Can s be laid out in listed words, runs of three and more, and at most decoration_max characters
 * that are not letters? plain: as typed; undressed: with digits turned into the letters they stand
 * for. Both have n characters. reach[i]: fewest decoration characters to lay out the first i, or
 * more than allowed. */
enum { JUDGED_MAX = 64, DECORATION_MAX = 8, NO_WAY = 255 };

static void reach_to(uint8_t *reach, size_t from, size_t n, unsigned cost)
{
    unsigned total = reach[from] + cost;
    if (total <= DECORATION_MAX && total < reach[from + n]) {
        reach[from + n] = (uint8_t)total;
    }
}

static bool made_of_words(const char *plain, const char *undressed, size_t n)
{
    uint8_t reach[JUDGED_MAX + 1];
    memset(reach, NO_WAY, sizeof(reach));
    reach[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (reach[i] == NO_WAY) {
            continue;
        }
        for (size_t len = WORD_MIN; len <= WORD_MAX && i + len <= n; len++) {
            if (listed(plain + i, len) || listed(undressed + i, len)) {
                reach_to(reach, i, len, 0);
            }
        }
        size_t r = run(plain + i, n - i);
        for (size_t len = 3; len <= r; len++) {
            reach_to(reach, i, len, 0);
        }
        if (!isalpha((unsigned char)plain[i]) && (unsigned char)plain[i] < 0x80) {
            reach_to(reach, i, 1, 1);
        }
    }
    return reach[n] != NO_WAY;
}

/* One short piece over and over: abcabcabcabc. */
static bool repeats(const char *s, size_t n)
{
    for (size_t period = 1; period <= 4 && period * 3 <= n; period++) {
        if (!memcmp(s, s + period, n - period)) {
            return true;
        }
    }
    return false;
}

static bool is_common(const char *password)
{
    static const char from[] = "0134578@$!", to[] = "oieastbasi";
    char plain[JUDGED_MAX], undressed[JUDGED_MAX];
    size_t n = 0;
    for (const char *p = password; *p; p++) {
        char c = (char)tolower((unsigned char)*p);
        const char *stands = strchr(from, c);
        if (!isalnum((unsigned char)c) && (unsigned char)c < 0x80 && !stands) {
            continue;
        }
        if (n == JUDGED_MAX) {
            return false;
        }
        plain[n] = c;
        undressed[n++] = stands ? to[stands - from] : c;
    }
    return repeats(plain, n) || made_of_words(plain, undressed, n);
}

int password_judge(const char *password, unsigned min_characters)
{
    size_t n = strlen(password), characters = 0;
    for (size_t i = 0; i < n; i++) {
        characters += ((unsigned char)password[i] & 0xc0) != 0x80;
    }
    if (n > PASSWORD_MAX_BYTES) {
        return PASSWORD_E_LONG;
    }
    if (!str_is_text(password, n)) {
        return PASSWORD_E_TEXT;
    }
    if (characters < min_characters) {
        return PASSWORD_E_SHORT;
    }
    return is_common(password) ? PASSWORD_E_COMMON : 0;
}

const char *password_complaint(int judgement)
{
    switch (judgement) {
    case PASSWORD_E_SHORT:
        return "The password is too short: owners need 12 characters, officers 15.";
    case PASSWORD_E_LONG:
        return "The password is longer than 1024 bytes.";
    case PASSWORD_E_TEXT:
        return "The password holds bytes that are not text.";
    default:
        return "The password is one of the common ones, or made of them.";
    }
}
