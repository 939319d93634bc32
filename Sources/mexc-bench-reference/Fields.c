#include "Reference.h"

#include <stdio.h>
#include <string.h>

int field_read(const char *text, const char *name, char *value, size_t size) {
  char pattern[40];
  int length = snprintf(pattern, sizeof pattern, "\"%s\":\"", name);
  const char *start = strstr(text, pattern);
  if (!start) return 0;
  start += length;
  const char *end = strchr(start, '"');
  if (!end || (size_t)(end - start) >= size) return 0;
  memcpy(value, start, (size_t)(end - start));
  value[end - start] = 0;
  return 1;
}

void signal_read(signal_order *order, const char *text) {
  if (
    !field_read(text, "id", order->id, sizeof order->id)
    || !field_read(text, "symbol", order->symbol, sizeof order->symbol)
    || !field_read(text, "quantity", order->quantity, sizeof order->quantity)
    || !field_read(text, "price", order->price, sizeof order->price)) {
    fail("a signal that cannot be read");
  }
}
