#include "Reference.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  int directory;
  sqlite3 *database;
  sqlite3_stmt *insert;
  EVP_MAC_CTX *keyed;
  char key_header[160];
  int asks_price;
  connection exchange;
} program;

void fail(const char *what) {
  fprintf(stderr, "mexc-bench-reference: %s (%s)\n", what, strerror(errno));
  exit(1);
}

// MARK: The start

static void open_database(program *program, const char *path) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path, &program->database, flags, NULL) != SQLITE_OK) fail(path);
  const char *schema =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "CREATE TABLE signal (id TEXT NOT NULL PRIMARY KEY, raw BLOB NOT NULL, at_ms INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;";
  if (sqlite3_exec(program->database, schema, NULL, NULL, NULL) != SQLITE_OK) fail("schema");
  const char *insert = "INSERT INTO signal (id, raw, at_ms) VALUES (?1, ?2, ?3)";
  unsigned persistent = SQLITE_PREPARE_PERSISTENT;
  if (
    sqlite3_prepare_v3(program->database, insert, -1, persistent, &program->insert, NULL)
    != SQLITE_OK) {
    fail("insert");
  }
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  if (!value) fail(name);
  return value;
}

static void prepare_signing(program *program) {
  const char *secret = variable("MEXC_SECRET_KEY");
  snprintf(
    program->key_header, sizeof program->key_header,
    "X-MEXC-APIKEY: %s\r\nContent-Type: application/json\r\nContent-Length: 0\r\n",
    variable("MEXC_API_KEY"));
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
  program->keyed = EVP_MAC_CTX_new(algorithm);
  EVP_MAC_free(algorithm);
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const unsigned char *key = (const unsigned char *)secret;
  if (EVP_MAC_init(program->keyed, key, strlen(secret), parameters) != 1) fail("HMAC");
}

// MARK: One signal

static long long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static size_t read_file(program *program, const char *name, char *text, size_t size) {
  int file = openat(program->directory, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(name);
  ssize_t count = read(file, text, size - 1);
  if (count < 0) fail(name);
  close(file);
  text[count] = 0;
  return (size_t)count;
}

/// One commit, synced when it returns.
static void store(program *program, const signal_order *order, const char *text, size_t length) {
  sqlite3_stmt *insert = program->insert;
  sqlite3_bind_text(insert, 1, order->id, -1, SQLITE_STATIC);
  sqlite3_bind_blob(insert, 2, text, (int)length, SQLITE_STATIC);
  sqlite3_bind_int64(insert, 3, now_ms());
  if (sqlite3_step(insert) != SQLITE_DONE) fail(sqlite3_errmsg(program->database));
  sqlite3_reset(insert);
}

/// Commits rows until SQLite has checkpointed by itself: from then on each commit writes over the WAL
/// from its beginning, and none makes the file longer.
static void run_in(program *program) {
  // A row is one page of the WAL at the least, and after 1,000 pages SQLite checkpoints.
  static const int rows = 1000;
  // As long as a signal.
  static const char text[160] = {0};
  for (int row = 0; row < rows; row++) {
    signal_order order;
    snprintf(order.id, sizeof order.id, "run-in-%d", row);
    store(program, &order, text, sizeof text);
  }
  int mode = SQLITE_CHECKPOINT_RESTART;
  if (sqlite3_wal_checkpoint_v2(program->database, NULL, mode, NULL, NULL) != SQLITE_OK) {
    fail("checkpoint");
  }
}

/// The last price may be 1 % from the order's.
static void check_price(program *program, const signal_order *order) {
  char target[96];
  snprintf(target, sizeof target, "/api/v3/ticker/price?symbol=%s", order->symbol);
  char text[33];
  const char *body = connection_request(&program->exchange, "GET", target, "");
  if (!field_read(body, "price", text, sizeof text)) fail(body);
  double last = strtod(text, NULL);
  double price = strtod(order->price, NULL);
  if (price > last * 1.01 || price < last * 0.99) fail("a price that is too far off");
}

static void sign(program *program, char *query, size_t length, size_t size) {
  unsigned char code[32];
  size_t count = 0;
  if (
    EVP_MAC_init(program->keyed, NULL, 0, NULL) != 1
    || EVP_MAC_update(program->keyed, (const unsigned char *)query, length) != 1
    || EVP_MAC_final(program->keyed, code, &count, sizeof code) != 1
    || length + sizeof "&signature=" + 2 * sizeof code > size) {
    fail("HMAC");
  }
  static const char digits[] = "0123456789abcdef";
  char *end = query + length + sprintf(query + length, "&signature=");
  for (size_t i = 0; i < sizeof code; i++) {
    *end++ = digits[code[i] >> 4];
    *end++ = digits[code[i] & 15];
  }
  *end = 0;
}

static void place(program *program, const signal_order *order) {
  static const char path[] = "/api/v3/order?";
  char target[1024];
  char *query = target + sizeof path - 1;
  memcpy(target, path, sizeof path);
  size_t size = sizeof target - sizeof path + 1;
  int length = snprintf(
    query, size,
    "symbol=%s&side=BUY&type=LIMIT&quantity=%s&price=%s&newClientOrderId=%s&recvWindow=5000"
    "&timestamp=%lld",
    order->symbol, order->quantity, order->price, order->id, now_ms());
  sign(program, query, (size_t)length, size);
  connection_request(&program->exchange, "POST", target, program->key_header);
}

static void serve(program *program, const char *name) {
  char text[4096];
  size_t length = read_file(program, name, text, sizeof text);
  signal_order order;
  signal_read(&order, text);
  store(program, &order, text, length);
  if (program->asks_price) check_price(program, &order);
  place(program, &order);
  // Tells the producer that it is done.
  if (unlinkat(program->directory, name, 0) != 0) fail(name);
}

int main(int count, char **arguments) {
  if (count != 7) {
    fprintf(
      stderr,
      "usage: mexc-bench-reference DIRECTORY DATABASE PORT CERTIFICATE ask|known run-in|fresh\n");
    return 2;
  }
  static program program;
  program.asks_price = strcmp(arguments[5], "ask") == 0;
  program.directory = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int watch = inotify_init1(IN_CLOEXEC);
  if (program.directory < 0 || inotify_add_watch(watch, arguments[1], IN_MOVED_TO) < 0) {
    fail(arguments[1]);
  }
  open_database(&program, arguments[2]);
  if (strcmp(arguments[6], "run-in") == 0) run_in(&program);
  prepare_signing(&program);
  connection_open(&program.exchange, atoi(arguments[3]), arguments[4]);
  connection_request(&program.exchange, "GET", "/api/v3/time", "");
  printf("ready\n");
  fflush(stdout);
  while (1) {
    char events[4096] __attribute__((aligned(8)));
    ssize_t bytes = read(watch, events, sizeof events);
    if (bytes <= 0) fail("inotify");
    for (char *place = events; place < events + bytes;) {
      struct inotify_event *event = (struct inotify_event *)place;
      if (event->len) serve(&program, event->name);
      place += sizeof *event + event->len;
    }
  }
}
