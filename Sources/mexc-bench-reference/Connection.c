#define _GNU_SOURCE // strcasestr

#include "Reference.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_socket(int port) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  int on = 1;
  if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
  return descriptor;
}

void connection_open(connection *connection, int port, const char *authority) {
  signal(SIGPIPE, SIG_IGN);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (!context) fail("SSL_CTX_new");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  // One read(2) fetches a whole record instead of its head and its body.
  SSL_CTX_set_read_ahead(context, 1);
  if (SSL_CTX_load_verify_file(context, authority) != 1) fail(authority);
  connection->tls = SSL_new(context);
  SSL_CTX_free(context);
  if (!connection->tls || SSL_set_fd(connection->tls, connect_socket(port)) != 1) fail("SSL_new");
  if (SSL_connect(connection->tls) != 1) fail("SSL_connect");
  snprintf(connection->host, sizeof connection->host, "127.0.0.1:%d", port);
}

/// Reads the answer; returns where its body begins.
static const char *read_answer(connection *connection) {
  char *answer = connection->answer;
  size_t filled = 0;
  char *end = NULL;
  size_t whole = 0;
  while (!end || filled < whole) {
    size_t count = 0;
    size_t room = sizeof connection->answer - 1 - filled;
    if (room == 0 || SSL_read_ex(connection->tls, answer + filled, room, &count) != 1) {
      fail("no answer");
    }
    filled += count;
    answer[filled] = 0;
    if (end || !(end = strstr(answer, "\r\n\r\n"))) continue;
    const char *length = strcasestr(answer, "\r\nContent-Length:");
    if (!length || length > end) fail("an answer without a length");
    whole = (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
  }
  if (strncmp(answer, "HTTP/1.1 200", 12) != 0) fail(answer);
  return end + 4;
}

const char *connection_request(
  connection *connection, const char *method, const char *target, const char *headers) {
  char request[2048];
  int length = snprintf(
    request, sizeof request,
    "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: reference\r\nConnection: keep-alive\r\n%s\r\n", method,
    target, connection->host, headers);
  if (length < 0 || (size_t)length >= sizeof request) fail("a request that is too long");
  size_t count = 0;
  if (SSL_write_ex(connection->tls, request, (size_t)length, &count) != 1) fail("SSL_write");
  return read_answer(connection);
}
