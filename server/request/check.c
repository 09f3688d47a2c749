/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include "base/clock.h"

#include <string.h>

#define MINUTE_US ((int64_t)60 * CLOCK_US)
#define DAY_US    (1440 * MINUTE_US)

static bool incident_known(const char *incident)
{
    static const char *const known[] = {"burglary",  "theft",   "robbery",        "assault",
                                        "vandalism", "vehicle", "missing_person", "fire",
                                        "animal",    "other"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (!strcmp(known[i], incident)) {
            return true;
        }
    }
    return false;
}

static int check_window(const struct request_new *n, int64_t now_us)
{
    int64_t length = n->to_us - n->from_us;
    if (length < 15 * MINUTE_US || length > 720 * MINUTE_US) {
        return REQUEST_E_WINDOW;
    }
    if (n->from_us < now_us - 30 * DAY_US) {
        return REQUEST_E_PAST;
    }
    return n->to_us > now_us ? REQUEST_E_FUTURE : 0;
}

int request_check(const struct request_new *n, const struct principal *officer, int64_t now_us,
                  double *ret_km2)
{
    double km2;
    if (strcmp(officer->role, "requester") && strcmp(officer->role, "admin")) {
        return REQUEST_E_ROLE;
    }
    if (!incident_known(n->incident)) {
        return REQUEST_E_INCIDENT;
    }
    if (n->n_area > AREA_REQUEST_POINTS_MAX || area_measure(n->area, n->n_area, &km2)) {
        return REQUEST_E_AREA;
    }
    if (km2 < AREA_MIN_KM2 || km2 > AREA_MAX_KM2) {
        return km2 < AREA_MIN_KM2 ? REQUEST_E_AREA_SMALL : REQUEST_E_AREA_LARGE;
    }
    int r = check_window(n, now_us);
    if (!r) {
        *ret_km2 = km2;
    }
    return r;
}

const char *request_complaint(int error)
{
    switch (error) {
    case REQUEST_E_ROLE:
        return "Requesters and admins of an agency may ask.";
    case REQUEST_E_INCIDENT:
        return "/incident: not one of the kinds that may be asked about.";
    case REQUEST_E_AREA:
        return "/polygon: 3 to 64 different corners [longitude, latitude] whose sides do not cross "
               "are needed.";
    case REQUEST_E_AREA_SMALL:
        return "/polygon: the area is under 0.065 km2 (0.025 square miles).";
    case REQUEST_E_AREA_LARGE:
        return "/polygon: the area is over 1.295 km2 (0.5 square miles).";
    case REQUEST_E_WINDOW:
        return "/to: the window must be 15 minutes to 12 hours long.";
    case REQUEST_E_PAST:
        return "/from: the window may not begin more than 30 days ago.";
    default:
        return "/to: the window may not end in the future.";
    }
}
