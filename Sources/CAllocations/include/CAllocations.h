#pragma once
#include <stdint.h>

/// Blocks that this thread has asked the heap for since it began. A program that links this counts the
/// requests of everything in its process, shared libraries among them; growing a block counts too.
/// Always 0 under a sanitizer, which has a heap of its own.
uint64_t callocations_count(void);
