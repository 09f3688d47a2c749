/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "crypto/certificate.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static X509 *parsed(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(cert);
    return cert;
}

static void certificate_names_its_hosts_and_is_signed_by_its_key(void **state)
{
    char *cert_pem, *key_pem;
    assert_int_equal(
        certificate_self_sign("localhost, door.example.org,127.0.0.1,::1", &cert_pem, &key_pem), 0);
    X509 *cert = parsed(cert_pem);
    BIO *bio = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(key);
    assert_int_equal(X509_verify(cert, key), 1);
    assert_int_equal(X509_check_private_key(cert, key), 1);
    assert_int_equal(X509_check_host(cert, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(cert, "door.example.org", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(cert, "example.org", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(cert, "127.0.0.2", 0), 0);
    assert_int_equal(X509_get_version(cert), X509_VERSION_3);
    assert_int_equal(X509_check_ca(cert), 0);
    int days, seconds;
    assert_int_equal(
        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert), X509_get0_notAfter(cert)), 1);
    assert_int_equal(days, 825);
    EVP_PKEY_free(key);
    BIO_free(bio);
    X509_free(cert);
    free(cert_pem);
    free(key_pem);
}

static void two_certificates_share_neither_key_nor_serial(void **state)
{
    char *pem[2], *key[2];
    assert_int_equal(certificate_self_sign("localhost", &pem[0], &key[0]), 0);
    assert_int_equal(certificate_self_sign("localhost", &pem[1], &key[1]), 0);
    assert_string_not_equal(key[0], key[1]);
    X509 *a = parsed(pem[0]), *b = parsed(pem[1]);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get_serialNumber(a), X509_get_serialNumber(b)), 0);
    X509_free(a);
    X509_free(b);
    for (int i = 0; i < 2; i++) {
        free(pem[i]);
        free(key[i]);
    }
}

static void names_that_are_neither_host_nor_address_are_refused(void **state)
{
    char *cert = NULL, *key = NULL;
    assert_int_equal(certificate_self_sign("", &cert, &key), -EINVAL);
    assert_int_equal(certificate_self_sign(" , ", &cert, &key), -EINVAL);
    assert_int_equal(certificate_self_sign("local_host/..", &cert, &key), -EINVAL);
    assert_null(cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_names_its_hosts_and_is_signed_by_its_key),
        cmocka_unit_test(two_certificates_share_neither_key_nor_serial),
        cmocka_unit_test(names_that_are_neither_host_nor_address_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
