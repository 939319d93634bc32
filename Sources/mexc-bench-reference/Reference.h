#pragma once
// What `mexc-bench compare` holds the daemon against: a plain program that takes a signal from a
// directory to the exchange, one step after the other, and does nothing else. It has no checks worth
// the name, recovers from nothing, and ends at the first trouble.
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <stddef.h>
#include <sys/types.h>

/// Says what failed and ends the program.
_Noreturn void fail(const char *what);

/// A kept-alive HTTP connection over TLS.
typedef struct {
  SSL *tls;
  char host[32];
  char answer[65536];
} connection;

/// Connects to 127.0.0.1 and believes only the certificate in the file.
void connection_open(connection *connection, int port, const char *authority);

/// Sends a request without a body; `headers` end with CR LF each. Returns the body of the answer,
/// which must be 200, until the next request.
const char *connection_request(
  connection *connection, const char *method, const char *target, const char *headers);

/// The part of a signal that makes an order.
typedef struct {
  char id[65];
  char symbol[33];
  char quantity[33];
  char price[33];
} signal_order;

/// Reads a flat JSON object whose values are strings. Fails when a field is missing.
void signal_read(signal_order *order, const char *text);

/// Copies the string that stands after `"name":` into `value`; 0 when there is none that fits.
int field_read(const char *text, const char *name, char *value, size_t size);
