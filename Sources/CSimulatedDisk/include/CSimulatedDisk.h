#ifndef CSIMULATEDDISK_H
#define CSIMULATEDDISK_H

#include <stddef.h>
#include <stdint.h>

/// A disk in memory under SQLite, which knows what is durable and what is not, and fails on demand.
///
/// A write goes to the page cache; only a sync makes it durable. A crash of the machine keeps the
/// durable state and, by a seed, some of the writes after it: whole, torn at 512 bytes, or none.
/// Used by one thread.
typedef struct simdisk simdisk;

/// Registers a file system of its own with SQLite. NULL when there is no memory for it.
simdisk *_Nullable simdisk_open(void);
/// Every connection on it must be closed.
void simdisk_close(simdisk *_Nonnull disk);
/// The name to give to sqlite3_open_v2.
const char *_Nonnull simdisk_name(const simdisk *_Nonnull disk);

/// Fills the main file, durably, when the disk is empty.
void simdisk_fill(simdisk *_Nonnull disk, const uint8_t *_Nonnull bytes, size_t count);
/// Copies at most `count` bytes of the main file; answers its size.
size_t simdisk_read(const simdisk *_Nonnull disk, uint8_t *_Nullable bytes, size_t count);
/// Makes `target` what this disk would be if the power failed now and nothing unsynced survived.
void simdisk_clone_durable(const simdisk *_Nonnull disk, simdisk *_Nonnull target);

/// The process has died: from now on every operation fails and changes nothing.
void simdisk_halt(simdisk *_Nonnull disk);
/// The process ends at its n-th write or sync from now on, which is not carried out; 0 never.
void simdisk_halt_at(simdisk *_Nonnull disk, uint32_t operation);
int simdisk_is_halted(const simdisk *_Nonnull disk);
/// A new process may use it: the page cache is as it was.
void simdisk_restart(simdisk *_Nonnull disk);
/// The power fails: decides by the seed what becomes of the unsynced writes. `loss` is the percentage
/// of them that is dropped or torn.
void simdisk_lose_power(simdisk *_Nonnull disk, uint64_t seed, int loss);

enum simdisk_fault {
  SIMDISK_SOUND = 0,
  SIMDISK_FULL = 1,
  SIMDISK_WRITE_FAILS = 2,
  SIMDISK_SYNC_FAILS = 3,
  /// Says that it has synced, and has not.
  SIMDISK_SYNC_LIES = 4,
};

/// The operations from the `after`-th on fail so, `count` of them; 0 for as long as it is set.
void simdisk_set_fault(
  simdisk *_Nonnull disk, enum simdisk_fault fault, uint32_t after, uint32_t count);

/// Writes and syncs since it was opened.
uint64_t simdisk_operations(const simdisk *_Nonnull disk);
/// Operations that a fault has hit.
uint64_t simdisk_failures(const simdisk *_Nonnull disk);
/// Writes that power losses have dropped, and torn, so far.
uint64_t simdisk_dropped(const simdisk *_Nonnull disk);
uint64_t simdisk_torn(const simdisk *_Nonnull disk);
/// A digest of everything on it: FNV-1a, 64 bits.
uint64_t simdisk_digest(const simdisk *_Nonnull disk);

/// For a process that runs many disks one after the other: what one gives back stays with the process
/// (mallopt(3)). Given back to the kernel, its pages would be cleared and faulted in anew every time.
void simdisk_keep_memory(void);

#endif
