#include "Image.h"

#include <stdlib.h>
#include <string.h>

static void *grow(void *bytes, size_t size) {
  void *grown = realloc(bytes, size ? size : 1);
  // Nothing sensible can be simulated without memory.
  if (!grown) abort();
  return grown;
}

static void reserve(uint8_t **bytes, size_t *room, size_t size) {
  if (size <= *room) return;
  size_t wanted = *room ? *room : 8192;
  while (wanted < size) wanted *= 2;
  *bytes = grow(*bytes, wanted);
  *room = wanted;
}

void simdisk_put(
  uint8_t **bytes, size_t *size, size_t *room, const uint8_t *source, size_t length, size_t offset) {
  reserve(bytes, room, offset + length);
  if (offset > *size) memset(*bytes + *size, 0, offset - *size);
  memcpy(*bytes + offset, source, length);
  if (offset + length > *size) *size = offset + length;
}

void simdisk_apply(image *file, const pending *write, size_t from, size_t length) {
  if (write->length == 0) {
    size_t size = (size_t)write->offset;
    if (size < file->durable_size) file->durable_size = size;
    return;
  }
  simdisk_put(&file->durable, &file->durable_size, &file->durable_room, write->bytes + from, length,
      (size_t)write->offset + from);
}

void simdisk_forget(image *file) {
  for (size_t i = 0; i < file->log_count; i++) free(file->log[i].bytes);
  file->log_count = 0;
}

void simdisk_note(image *file, int64_t offset, const uint8_t *bytes, size_t length) {
  if (file->log_count == file->log_room) {
    file->log_room = file->log_room ? 2 * file->log_room : 64;
    file->log = grow(file->log, file->log_room * sizeof(pending));
  }
  pending *write = &file->log[file->log_count++];
  write->offset = offset;
  write->length = length;
  write->bytes = NULL;
  if (length) {
    write->bytes = grow(NULL, length);
    memcpy(write->bytes, bytes, length);
  }
}

void simdisk_settle(image *file) {
  for (size_t i = 0; i < file->log_count; i++) simdisk_apply(file, &file->log[i], 0, file->log[i].length);
  simdisk_forget(file);
  file->durable_exists = file->exists;
}

void simdisk_copy_durable_to_current(image *file) {
  reserve(&file->current, &file->current_room, file->durable_size);
  if (file->durable_size) memcpy(file->current, file->durable, file->durable_size);
  file->current_size = file->durable_size;
  file->exists = file->durable_exists;
}
