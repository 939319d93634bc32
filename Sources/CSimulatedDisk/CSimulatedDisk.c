#include "Image.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: The file system

static image *find(simdisk *disk, const char *name, int make) {
  image *vacant = NULL;
  for (int i = 0; i < FILES; i++) {
    image *file = &disk->files[i];
    if (strcmp(file->name, name) == 0) return file;
    if (!file->name[0] && !vacant) vacant = file;
  }
  if (!make || !vacant || strlen(name) >= NAME_MAXIMUM) return NULL;
  strcpy(vacant->name, name);
  return vacant;
}

static int vfs_open(
  sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out_flags) {
  simdisk *disk = vfs->pAppData;
  handle *opened = (handle *)file;
  opened->base.pMethods = NULL;
  if (disk->halted || !name) return SQLITE_CANTOPEN;
  image *image = find(disk, name, 1);
  if (!image) return SQLITE_CANTOPEN;
  if (!image->exists) {
    image->exists = 1;
    image->current_size = 0;
  }
  opened->disk = disk;
  opened->image = image;
  opened->base.pMethods = &simdisk_methods;
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
  (void)sync_directory;
  simdisk *disk = vfs->pAppData;
  int code = simdisk_misfortune(disk, 0);
  if (code != SQLITE_OK) return code;
  image *image = find(disk, name, 0);
  if (!image || !image->exists) return SQLITE_IOERR_DELETE_NOENT;
  image->exists = 0;
  image->current_size = 0;
  simdisk_forget(image);
  image->durable_exists = 0;
  image->durable_size = 0;
  return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
  (void)flags;
  image *image = find(vfs->pAppData, name, 0);
  *result = image && image->exists;
  // An empty log beside the database means none, as for the file system of the machine.
  if (*result && flags == SQLITE_ACCESS_EXISTS) *result = image->current_size > 0;
  return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int room, char *path) {
  (void)vfs;
  snprintf(path, (size_t)room, "%s", name);
  return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int count, char *bytes) {
  (void)vfs;
  // SQLite draws file names and the log's salts from it; the same ones every time.
  for (int i = 0; i < count; i++) bytes[i] = (char)(37 * i + 11);
  return count;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
  (void)vfs;
  return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *time) {
  (void)vfs;
  *time = 0;
  return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int count, char *text) {
  (void)vfs;
  (void)count;
  (void)text;
  return 0;
}

simdisk *simdisk_open(void) {
  simdisk *disk = calloc(1, sizeof(simdisk));
  if (!disk) return NULL;
  snprintf(disk->name, sizeof disk->name, "simulated-%p", (void *)disk);
  disk->vfs = (sqlite3_vfs){
    .iVersion = 2,
    .szOsFile = sizeof(handle),
    .mxPathname = NAME_MAXIMUM,
    .zName = disk->name,
    .pAppData = disk,
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xCurrentTimeInt64 = vfs_time,
    .xGetLastError = vfs_last_error,
  };
  if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK) {
    free(disk);
    return NULL;
  }
  return disk;
}

void simdisk_close(simdisk *disk) {
  sqlite3_vfs_unregister(&disk->vfs);
  for (int i = 0; i < FILES; i++) {
    simdisk_forget(&disk->files[i]);
    free(disk->files[i].log);
    free(disk->files[i].current);
    free(disk->files[i].durable);
  }
  simdisk_drop_regions(disk);
  free(disk);
}

const char *simdisk_name(const simdisk *disk) { return disk->name; }

static const char *main_name = "/simulated/state.db";

void simdisk_fill(simdisk *disk, const uint8_t *bytes, size_t count) {
  image *file = find(disk, main_name, 1);
  if (!file) return;
  simdisk_put(&file->durable, &file->durable_size, &file->durable_room, bytes, count, 0);
  file->durable_exists = 1;
  simdisk_copy_durable_to_current(file);
}

size_t simdisk_read(const simdisk *disk, uint8_t *bytes, size_t count) {
  image *file = find((simdisk *)disk, main_name, 0);
  if (!file) return 0;
  if (bytes) memcpy(bytes, file->current, count < file->current_size ? count : file->current_size);
  return file->current_size;
}

void simdisk_clone_durable(const simdisk *disk, simdisk *target) {
  for (int i = 0; i < FILES; i++) {
    const image *source = &disk->files[i];
    image *copy = &target->files[i];
    memcpy(copy->name, source->name, NAME_MAXIMUM);
    simdisk_forget(copy);
    copy->durable_size = 0;
    if (source->durable_size) {
      simdisk_put(&copy->durable, &copy->durable_size, &copy->durable_room, source->durable,
          source->durable_size, 0);
    }
    copy->durable_exists = source->durable_exists;
    simdisk_copy_durable_to_current(copy);
  }
}

// MARK: Ends

void simdisk_halt(simdisk *disk) { disk->halted = 1; }
void simdisk_halt_at(simdisk *disk, uint32_t operation) { disk->halt_at = operation; }
int simdisk_is_halted(const simdisk *disk) { return disk->halted; }

void simdisk_restart(simdisk *disk) {
  disk->halted = 0;
  disk->halt_at = 0;
  simdisk_drop_regions(disk);
}

static uint64_t draw(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t mixed = *state;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

void simdisk_lose_power(simdisk *disk, uint64_t seed, int loss) {
  for (int i = 0; i < FILES; i++) {
    image *file = &disk->files[i];
    for (size_t w = 0; w < file->log_count; w++) {
      const pending *write = &file->log[w];
      if ((int)(draw(&seed) % 100) >= loss) {
        simdisk_apply(file, write, 0, write->length);
        continue;
      }
      if (write->length == 0 || draw(&seed) % 2) {
        disk->dropped++;
        continue;
      }
      disk->torn++;
      for (size_t from = 0; from < write->length;) {
        // Sectors are those of the disk, not of the write.
        size_t end = ((size_t)write->offset + from) / SECTOR * SECTOR + SECTOR;
        size_t length = end - (size_t)write->offset - from;
        if (length > write->length - from) length = write->length - from;
        if (draw(&seed) % 2) simdisk_apply(file, write, from, length);
        from += length;
      }
    }
    simdisk_forget(file);
    // A file that nothing of was ever synced may have its name or not.
    if (file->exists && !file->durable_exists) file->durable_exists = (int)(draw(&seed) % 2);
    if (!file->durable_exists) file->durable_size = 0;
    simdisk_copy_durable_to_current(file);
  }
}

void simdisk_set_fault(
  simdisk *disk, enum simdisk_fault fault, uint32_t after, uint32_t count) {
  disk->fault = fault;
  disk->fault_after = after;
  disk->fault_count = count;
  disk->fault_hits = 0;
}

void simdisk_keep_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

// MARK: Counts

uint64_t simdisk_operations(const simdisk *disk) { return disk->operations; }
uint64_t simdisk_failures(const simdisk *disk) { return disk->failures; }
uint64_t simdisk_dropped(const simdisk *disk) { return disk->dropped; }
uint64_t simdisk_torn(const simdisk *disk) { return disk->torn; }

uint64_t simdisk_digest(const simdisk *disk) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (int i = 0; i < FILES; i++) {
    const image *file = &disk->files[i];
    for (size_t b = 0; b < file->current_size; b++) {
      hash = (hash ^ file->current[b]) * 0x100000001B3u;
    }
  }
  return hash;
}
