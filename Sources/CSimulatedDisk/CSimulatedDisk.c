#include "CSimulatedDisk.h"

#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void put(
  uint8_t **bytes, size_t *size, size_t *room, const uint8_t *source, size_t length, size_t offset) {
  reserve(bytes, room, offset + length);
  if (offset > *size) memset(*bytes + *size, 0, offset - *size);
  memcpy(*bytes + offset, source, length);
  if (offset + length > *size) *size = offset + length;
}

static void apply(image *file, const pending *write, size_t from, size_t length) {
  if (write->length == 0) {
    size_t size = (size_t)write->offset;
    if (size < file->durable_size) file->durable_size = size;
    return;
  }
  put(&file->durable, &file->durable_size, &file->durable_room, write->bytes + from, length,
      (size_t)write->offset + from);
}

static void forget(image *file) {
  for (size_t i = 0; i < file->log_count; i++) free(file->log[i].bytes);
  file->log_count = 0;
}

static void note(image *file, int64_t offset, const uint8_t *bytes, size_t length) {
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

static void settle(image *file) {
  for (size_t i = 0; i < file->log_count; i++) apply(file, &file->log[i], 0, file->log[i].length);
  forget(file);
  file->durable_exists = file->exists;
}

static void copy_durable_to_current(image *file) {
  reserve(&file->current, &file->current_room, file->durable_size);
  if (file->durable_size) memcpy(file->current, file->durable, file->durable_size);
  file->current_size = file->durable_size;
  file->exists = file->durable_exists;
}

// MARK: Failing

/// The result that an operation must give instead of being carried out, or SQLITE_OK.
static int misfortune(simdisk *disk, int is_sync) {
  if (disk->halted) return SQLITE_IOERR;
  disk->operations++;
  if (disk->halt_at && --disk->halt_at == 0) {
    disk->halted = 1;
    return SQLITE_IOERR;
  }
  if (disk->fault == SIMDISK_SOUND) return SQLITE_OK;
  int applies = is_sync ? disk->fault >= SIMDISK_SYNC_FAILS : disk->fault < SIMDISK_SYNC_FAILS;
  if (!applies) return SQLITE_OK;
  if (disk->fault_after > 1) {
    disk->fault_after--;
    return SQLITE_OK;
  }
  if (disk->fault_count && disk->fault_hits >= disk->fault_count) {
    disk->fault = SIMDISK_SOUND;
    return SQLITE_OK;
  }
  disk->fault_hits++;
  disk->failures++;
  switch (disk->fault) {
    case SIMDISK_FULL: return SQLITE_FULL;
    case SIMDISK_WRITE_FAILS: return SQLITE_IOERR_WRITE;
    case SIMDISK_SYNC_FAILS: return SQLITE_IOERR_FSYNC;
    case SIMDISK_SYNC_LIES: return SQLITE_NOTICE;
    case SIMDISK_SOUND: return SQLITE_OK;
  }
  return SQLITE_OK;
}

// MARK: Files, as sqlite3_io_methods wants them

static int file_close(sqlite3_file *file) {
  (void)file;
  return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
  handle *opened = (handle *)file;
  if (opened->disk->halted) return SQLITE_IOERR;
  image *image = opened->image;
  size_t have = 0;
  if ((size_t)offset < image->current_size) {
    have = image->current_size - (size_t)offset;
    if (have > (size_t)count) have = (size_t)count;
    memcpy(bytes, image->current + offset, have);
  }
  if (have == (size_t)count) return SQLITE_OK;
  memset((uint8_t *)bytes + have, 0, (size_t)count - have);
  return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  handle *opened = (handle *)file;
  int code = misfortune(opened->disk, 0);
  if (code != SQLITE_OK) return code;
  image *image = opened->image;
  put(&image->current, &image->current_size, &image->current_room, bytes, (size_t)count,
      (size_t)offset);
  note(image, offset, bytes, (size_t)count);
  return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
  handle *opened = (handle *)file;
  int code = misfortune(opened->disk, 0);
  if (code != SQLITE_OK) return code;
  image *image = opened->image;
  if ((size_t)size < image->current_size) image->current_size = (size_t)size;
  note(image, size, NULL, 0);
  return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags) {
  (void)flags;
  handle *opened = (handle *)file;
  int code = misfortune(opened->disk, 1);
  if (code == SQLITE_NOTICE) return SQLITE_OK;
  if (code != SQLITE_OK) return code;
  settle(opened->image);
  return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
  handle *opened = (handle *)file;
  if (opened->disk->halted) return SQLITE_IOERR;
  *size = (sqlite3_int64)opened->image->current_size;
  return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level) {
  (void)file;
  (void)level;
  return SQLITE_OK;
}

static int file_check_reserved_lock(sqlite3_file *file, int *result) {
  (void)file;
  *result = 0;
  return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
  (void)file;
  (void)operation;
  (void)argument;
  return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file) {
  (void)file;
  return SECTOR;
}

static int file_characteristics(sqlite3_file *file) {
  (void)file;
  // A torn write never reaches beyond its own bytes: what SQLite assumes of every disk by default.
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(
  sqlite3_file *file, int region, int size, int extend, void volatile **address) {
  simdisk *disk = ((handle *)file)->disk;
  *address = NULL;
  if (disk->halted) return SQLITE_IOERR;
  if (region >= REGIONS) return SQLITE_NOMEM;
  if (!disk->regions[region] && extend) {
    disk->regions[region] = calloc(1, (size_t)size);
    if (!disk->regions[region]) return SQLITE_NOMEM;
  }
  *address = disk->regions[region];
  return SQLITE_OK;
}

static int shm_lock(sqlite3_file *file, int offset, int count, int flags) {
  (void)file;
  (void)offset;
  (void)count;
  (void)flags;
  return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *file) { (void)file; }

static void drop_regions(simdisk *disk) {
  for (int i = 0; i < REGIONS; i++) {
    free(disk->regions[i]);
    disk->regions[i] = NULL;
  }
}

static int shm_unmap(sqlite3_file *file, int remove) {
  (void)remove;
  drop_regions(((handle *)file)->disk);
  return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_lock,
  .xCheckReservedLock = file_check_reserved_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_characteristics,
  .xShmMap = shm_map,
  .xShmLock = shm_lock,
  .xShmBarrier = shm_barrier,
  .xShmUnmap = shm_unmap,
};

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
  opened->base.pMethods = &methods;
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
  (void)sync_directory;
  simdisk *disk = vfs->pAppData;
  int code = misfortune(disk, 0);
  if (code != SQLITE_OK) return code;
  image *image = find(disk, name, 0);
  if (!image || !image->exists) return SQLITE_IOERR_DELETE_NOENT;
  image->exists = 0;
  image->current_size = 0;
  forget(image);
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
    forget(&disk->files[i]);
    free(disk->files[i].log);
    free(disk->files[i].current);
    free(disk->files[i].durable);
  }
  drop_regions(disk);
  free(disk);
}

const char *simdisk_name(const simdisk *disk) { return disk->name; }

static const char *main_name = "/simulated/state.db";

void simdisk_fill(simdisk *disk, const uint8_t *bytes, size_t count) {
  image *file = find(disk, main_name, 1);
  if (!file) return;
  put(&file->durable, &file->durable_size, &file->durable_room, bytes, count, 0);
  file->durable_exists = 1;
  copy_durable_to_current(file);
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
    forget(copy);
    copy->durable_size = 0;
    if (source->durable_size) {
      put(&copy->durable, &copy->durable_size, &copy->durable_room, source->durable,
          source->durable_size, 0);
    }
    copy->durable_exists = source->durable_exists;
    copy_durable_to_current(copy);
  }
}

// MARK: Ends

void simdisk_halt(simdisk *disk) { disk->halted = 1; }
void simdisk_halt_at(simdisk *disk, uint32_t operation) { disk->halt_at = operation; }
int simdisk_is_halted(const simdisk *disk) { return disk->halted; }

void simdisk_restart(simdisk *disk) {
  disk->halted = 0;
  disk->halt_at = 0;
  drop_regions(disk);
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
        apply(file, write, 0, write->length);
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
        if (draw(&seed) % 2) apply(file, write, from, length);
        from += length;
      }
    }
    forget(file);
    // A file that nothing of was ever synced may have its name or not.
    if (file->exists && !file->durable_exists) file->durable_exists = (int)(draw(&seed) % 2);
    if (!file->durable_exists) file->durable_size = 0;
    copy_durable_to_current(file);
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

size_t simdisk_unsynced(const simdisk *disk) {
  size_t count = 0;
  for (int i = 0; i < FILES; i++) count += disk->files[i].log_count;
  return count;
}

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
