/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens of cameras (RFC 6749, client credentials): what a camera renews its storage
 * configuration with. They end after an hour, or when the camera's secret is rotated. */
#ifndef AUTH_CAMERA_TOKEN_H
#define AUTH_CAMERA_TOKEN_H

#include "auth/session.h"

enum { CAMERA_TOKEN_LIFETIME_S = 3600 };
#define CREDENTIAL_ACCESS "dwo_"

void camera_token_add(struct db_tx *tx, const struct id *camera, char ret_text[CREDENTIAL_SIZE]);
/* The camera of a token, or of a secret. As session_find_camera(). */
void camera_token_find(struct db *db, const uint8_t hash[SHA256_SIZE], session_camera_fn *done,
                       void *arg);

#endif
