/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/certificate.h"

#include "crypto/hash.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { VALID_DAYS = 825, NAMES_MAX = 64, DNS_NAME_MAX = 253 };

static bool name_is_dns(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n <= DNS_NAME_MAX &&
           strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*") == n;
}

static GENERAL_NAME *name_parse(const char *s)
{
    uint8_t address[16];
    size_t n = inet_pton(AF_INET, s, address) == 1    ? 4
               : inet_pton(AF_INET6, s, address) == 1 ? 16
                                                      : 0;
    if (n == 0 && !name_is_dns(s)) {
        return NULL;
    }
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *text = n > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    ALWAYS(name != NULL && text != NULL);
    ALWAYS(ASN1_STRING_set(text, n > 0 ? (const void *)address : s, n > 0 ? (int)n : -1) == 1);
    GENERAL_NAME_set0_value(name, n > 0 ? GEN_IPADD : GEN_DNS, text);
    return name;
}

/* -EINVAL on an empty list or a name that is neither. */
static int names_parse(const char *names, GENERAL_NAMES **ret_list)
{
    char *copy CLEANUP(mem_free_at) = mem_str(names), *save = NULL;
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    ALWAYS(list != NULL);
    int r = 0;
    for (char *s = strtok_r(copy, ", ", &save); s != NULL && r == 0;
         s = strtok_r(NULL, ", ", &save)) {
        GENERAL_NAME *name = sk_GENERAL_NAME_num(list) < NAMES_MAX ? name_parse(s) : NULL;
        if (name == NULL) {
            r = -EINVAL;
        } else {
            ALWAYS(sk_GENERAL_NAME_push(list, name) > 0);
        }
    }
    if (r != 0 || sk_GENERAL_NAME_num(list) == 0) {
        GENERAL_NAMES_free(list);
        return -EINVAL;
    }
    *ret_list = list;
    return 0;
}

static void extension_add(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ALWAYS(e != NULL && X509_add_ext(cert, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static X509 *certificate_make(EVP_PKEY *key, GENERAL_NAMES *names)
{
    X509 *cert = X509_new();
    uint8_t serial[16];
    ALWAYS(cert != NULL);
    random_bytes(serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40); /* positive, and never shorter */
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    ALWAYS(number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL);
    BN_free(number);
    ALWAYS(X509_set_version(cert, X509_VERSION_3) == 1);
    /* An hour back: a client whose clock is a little behind still accepts it. */
    ALWAYS(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL);
    ALWAYS(X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, -3600, NULL) != NULL);
    X509_NAME *subject = X509_get_subject_name(cert);
    ALWAYS(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                      (const unsigned char *)"Doorward self-signed", -1, -1,
                                      0) == 1);
    ALWAYS(X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1);
    /* Trusting this file must not mean trusting whatever else its key signs: not a CA. */
    extension_add(cert, NID_basic_constraints, "critical,CA:FALSE");
    extension_add(cert, NID_key_usage, "critical,digitalSignature");
    extension_add(cert, NID_ext_key_usage, "serverAuth");
    extension_add(cert, NID_subject_key_identifier, "hash");
    ALWAYS(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
    ALWAYS(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static char *bio_text(BIO *bio)
{
    char *data = NULL;
    long n = BIO_get_mem_data(bio, &data);
    ALWAYS(n > 0);
    char *text = mem_alloc((size_t)n + 1, 1);
    memcpy(text, data, (size_t)n);
    secret_wipe(data, (size_t)n);
    BIO_free(bio);
    return text;
}

int certificate_self_sign(const char *names, char **ret_cert_pem, char **ret_key_pem)
{
    GENERAL_NAMES *list;
    int r = names_parse(names, &list);
    if (r != 0) {
        return r;
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    ALWAYS(key != NULL);
    X509 *cert = certificate_make(key, list);
    BIO *cert_out = BIO_new(BIO_s_mem()), *key_out = BIO_new(BIO_s_mem());
    ALWAYS(cert_out != NULL && PEM_write_bio_X509(cert_out, cert) == 1);
    ALWAYS(key_out != NULL &&
           PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL));
    *ret_cert_pem = bio_text(cert_out);
    *ret_key_pem = bio_text(key_out);
    X509_free(cert);
    EVP_PKEY_free(key);
    GENERAL_NAMES_free(list);
    return 0;
}
