#include "Image.h"

#include <stdlib.h>
#include <string.h>

// MARK: Failing

/// The result that an operation must give instead of being carried out, or SQLITE_OK.
int simdisk_misfortune(simdisk *disk, int is_sync) {
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
  int code = simdisk_misfortune(opened->disk, 0);
  if (code != SQLITE_OK) return code;
  image *image = opened->image;
  simdisk_put(&image->current, &image->current_size, &image->current_room, bytes, (size_t)count,
      (size_t)offset);
  simdisk_note(image, offset, bytes, (size_t)count);
  return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
  handle *opened = (handle *)file;
  int code = simdisk_misfortune(opened->disk, 0);
  if (code != SQLITE_OK) return code;
  image *image = opened->image;
  if ((size_t)size < image->current_size) image->current_size = (size_t)size;
  simdisk_note(image, size, NULL, 0);
  return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags) {
  (void)flags;
  handle *opened = (handle *)file;
  int code = simdisk_misfortune(opened->disk, 1);
  if (code == SQLITE_NOTICE) return SQLITE_OK;
  if (code != SQLITE_OK) return code;
  simdisk_settle(opened->image);
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

void simdisk_drop_regions(simdisk *disk) {
  for (int i = 0; i < REGIONS; i++) {
    free(disk->regions[i]);
    disk->regions[i] = NULL;
  }
}

static int shm_unmap(sqlite3_file *file, int remove) {
  (void)remove;
  simdisk_drop_regions(((handle *)file)->disk);
  return SQLITE_OK;
}

const sqlite3_io_methods simdisk_methods = {
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
