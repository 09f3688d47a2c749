/* SPDX-License-Identifier: Apache-2.0 */
/* The master key itself seals nothing: a wrapping key and the purpose keys are derived from it, so
 * that no key serves two algorithms. */
#include "crypto/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_SIZE = 32, NONCE_SIZE = 12, TAG_SIZE = 16 };

struct keyring {
    uint8_t master[KEY_SIZE];
    uint8_t household_wrap[KEY_SIZE];
};

static void key_wrap(const uint8_t by[KEY_SIZE], const struct id *owner,
                     const uint8_t key[KEY_SIZE], uint8_t ret_wrapped[KEY_WRAPPED_SIZE])
{
    uint8_t *nonce = ret_wrapped, *sealed = nonce + NONCE_SIZE, *tag = sealed + KEY_SIZE;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;
    random_bytes(nonce, NONCE_SIZE);
    ALWAYS(ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, by, nonce) == 1);
    ALWAYS(EVP_EncryptUpdate(ctx, NULL, &n, owner->b, sizeof owner->b) == 1);
    ALWAYS(EVP_EncryptUpdate(ctx, sealed, &n, key, KEY_SIZE) == 1);
    ALWAYS(EVP_EncryptFinal_ex(ctx, sealed + KEY_SIZE, &n) == 1);
    ALWAYS(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

static int key_unwrap(const uint8_t by[KEY_SIZE], const struct id *owner,
                      const uint8_t wrapped[KEY_WRAPPED_SIZE], uint8_t ret_key[KEY_SIZE])
{
    const uint8_t *nonce = wrapped, *sealed = nonce + NONCE_SIZE;
    uint8_t tag[TAG_SIZE], key[KEY_SIZE];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n;
    memcpy(tag, sealed + KEY_SIZE, sizeof tag);
    ALWAYS(ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, by, nonce) == 1);
    ALWAYS(EVP_DecryptUpdate(ctx, NULL, &n, owner->b, sizeof owner->b) == 1);
    ALWAYS(EVP_DecryptUpdate(ctx, key, &n, sealed, KEY_SIZE) == 1);
    ALWAYS(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1);
    int r = EVP_DecryptFinal_ex(ctx, key + KEY_SIZE, &n) == 1 ? 0 : -EBADMSG;
    EVP_CIPHER_CTX_free(ctx);
    if (r == 0) {
        memcpy(ret_key, key, KEY_SIZE);
    }
    secret_wipe(key, sizeof key);
    return r;
}

/* Written whole under a name of its own, then linked: a crash never leaves a short key file, and
 * two first starts at once agree on one key. */
static int keyring_make(const char *path)
{
    char *draft CLEANUP(mem_free_at) = mem_printf("%s.%d.new", path, (int)getpid());
    char *copy CLEANUP(mem_free_at) = mem_str(path);
    uint8_t key[KEY_SIZE];
    int fd CLEANUP(fd_close_at) = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int dir CLEANUP(fd_close_at) = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || dir < 0) {
        return -errno;
    }
    random_bytes(key, sizeof key);
    ssize_t n = write(fd, key, sizeof key);
    secret_wipe(key, sizeof key);
    int r = n != sizeof key ? -EIO : fsync(fd) != 0 ? -errno : 0;
    if (r == 0 && link(draft, path) != 0 && errno != EEXIST) {
        r = -errno;
    }
    unlink(draft);
    return r != 0 ? r : fsync(dir) != 0 ? -errno : 0;
}

static int keyring_read(const char *path, uint8_t ret_master[KEY_SIZE])
{
    int fd CLEANUP(fd_close_at) = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return -errno;
    }
    if ((st.st_mode & 077) != 0) {
        return -EACCES;
    }
    if (!S_ISREG(st.st_mode) || st.st_size != KEY_SIZE) {
        return -EINVAL;
    }
    return read(fd, ret_master, KEY_SIZE) == KEY_SIZE ? 0 : -EIO;
}

int keyring_load(const char *path, bool create, struct keyring **ret_keyring)
{
    struct keyring *k = mem_new(struct keyring);
    int r = keyring_read(path, k->master);
    if (r == -ENOENT && create) {
        r = keyring_make(path);
        r = r != 0 ? r : keyring_read(path, k->master);
    }
    if (r != 0) {
        keyring_destroy(k);
        return r;
    }
    keyring_derive(k, "household-key-wrap", k->household_wrap);
    *ret_keyring = k;
    return 0;
}

struct keyring *keyring_destroy(struct keyring *k)
{
    if (k != NULL) {
        secret_wipe(k, sizeof *k);
        free(k);
    }
    return NULL;
}

void keyring_new_household(const struct keyring *k, const struct id *household,
                           uint8_t ret_wrapped[KEY_WRAPPED_SIZE])
{
    uint8_t key[KEY_SIZE];
    random_bytes(key, sizeof key);
    key_wrap(k->household_wrap, household, key, ret_wrapped);
    secret_wipe(key, sizeof key);
}

int keyring_new_object(const struct keyring *k, const struct id *household,
                       const uint8_t household_wrapped[KEY_WRAPPED_SIZE], const struct id *object,
                       uint8_t ret_key[SEAL_KEY_SIZE], uint8_t ret_wrapped[KEY_WRAPPED_SIZE])
{
    uint8_t of_household[KEY_SIZE];
    int r = key_unwrap(k->household_wrap, household, household_wrapped, of_household);
    if (r == 0) {
        random_bytes(ret_key, SEAL_KEY_SIZE);
        key_wrap(of_household, object, ret_key, ret_wrapped);
        secret_wipe(of_household, sizeof of_household);
    }
    return r;
}

int keyring_open_object(const struct keyring *k, const struct id *household,
                        const uint8_t household_wrapped[KEY_WRAPPED_SIZE], const struct id *object,
                        const uint8_t wrapped[KEY_WRAPPED_SIZE], uint8_t ret_key[SEAL_KEY_SIZE])
{
    uint8_t of_household[KEY_SIZE];
    int r = key_unwrap(k->household_wrap, household, household_wrapped, of_household);
    if (r == 0) {
        r = key_unwrap(of_household, object, wrapped, ret_key);
        secret_wipe(of_household, sizeof of_household);
    }
    return r;
}

void keyring_derive(const struct keyring *k, const char *purpose, uint8_t ret_key[32])
{
    const struct hkdf_params p = {.key = k->master,
                                  .key_n = sizeof k->master,
                                  .salt = "doorward",
                                  .salt_n = 8,
                                  .info = purpose,
                                  .info_n = strlen(purpose)};
    hkdf_sha256(&p, ret_key, 32);
}
