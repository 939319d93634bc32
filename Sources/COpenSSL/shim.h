#pragma once
// What Swift cannot see of OpenSSL 3.0 because it is a macro, as functions of the same meaning.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline int copenssl_set_minimum_version_tls12(SSL_CTX *context) {
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/// One write may take a part of the bytes, and a repeated write may come from another address.
/// Reads fetch as much as the socket holds, which saves a system call per record.
static inline void copenssl_set_stream_modes(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
}

static inline void copenssl_set_hardening(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline long copenssl_set_server_name(SSL *ssl, const char *name) {
  return SSL_set_tlsext_host_name(ssl, name);
}

/// EVP_MAC_init(3) for HMAC with SHA-256; OSSL_PARAM keeps pointers, so it lives on C's stack. A null
/// key would mean "the key of before": an empty one has an address too.
static inline int copenssl_start_hmac_sha256(
    EVP_MAC_CTX *context, const unsigned char *key, size_t length) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  const unsigned char none = 0;
  return EVP_MAC_init(context, key ? key : &none, key ? length : 0, parameters);
}

/// PKCS5_PBKDF2_HMAC(3) with SHA-256; a passphrase is bytes here.
static inline int copenssl_pbkdf2_hmac_sha256(
    const unsigned char *passphrase, size_t passphrase_length, const unsigned char *salt,
    size_t salt_length, int iterations, unsigned char *key, size_t key_length) {
  return PKCS5_PBKDF2_HMAC(
      (const char *)passphrase, (int)passphrase_length, salt, (int)salt_length, iterations,
      EVP_sha256(), (int)key_length, key);
}

/// EVP_CIPHER_CTX_ctrl(3): the tag of a message that was sealed.
static inline int copenssl_gcm_read_tag(EVP_CIPHER_CTX *context, unsigned char *tag, int length) {
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, length, tag);
}

/// EVP_CIPHER_CTX_ctrl(3): the tag that a message to open must have. It is copied.
static inline int copenssl_gcm_expect_tag(
    EVP_CIPHER_CTX *context, const unsigned char *tag, int length) {
  return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, length, (void *)tag);
}
