#ifndef SIMDISK_IMAGE_H
#define SIMDISK_IMAGE_H

#include "CSimulatedDisk.h"

#include <sqlite3.h>

// Three files at most: the database, its log, and a journal while the log is being introduced.
enum { FILES = 4, NAME_MAXIMUM = 96, SECTOR = 512, REGIONS = 16 };

typedef struct {
  int64_t offset; // a truncation when length is 0
  size_t length;
  uint8_t *bytes;
} pending;

typedef struct {
  char name[NAME_MAXIMUM];
  int exists;
  // The page cache, and what the platter holds.
  uint8_t *current, *durable;
  size_t current_size, current_room, durable_size, durable_room;
  int durable_exists;
  pending *log;
  size_t log_count, log_room;
} image;

struct simdisk {
  sqlite3_vfs vfs;
  char name[32];
  image files[FILES];
  // The log's index is shared memory: it lives as long as a process uses it.
  void *regions[REGIONS];
  int halted;
  uint32_t halt_at;
  enum simdisk_fault fault;
  uint32_t fault_after, fault_count, fault_hits;
  uint64_t operations, failures, dropped, torn;
};

typedef struct {
  sqlite3_file base;
  simdisk *disk;
  image *image;
} handle;

// Image.c: what a file holds, and what of it is durable.
void simdisk_put(
  uint8_t **bytes, size_t *size, size_t *room, const uint8_t *source, size_t length, size_t offset);
void simdisk_apply(image *file, const pending *write, size_t from, size_t length);
void simdisk_forget(image *file);
void simdisk_note(image *file, int64_t offset, const uint8_t *bytes, size_t length);
void simdisk_settle(image *file);
void simdisk_copy_durable_to_current(image *file);

// File.c: an open file as SQLite uses it.
extern const sqlite3_io_methods simdisk_methods;
int simdisk_misfortune(simdisk *disk, int is_sync);
void simdisk_drop_regions(simdisk *disk);

#endif
