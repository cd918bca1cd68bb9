/*
 * The native floor: the loops of bench/rows in C, entered from JavaScript by one call each. What they cost is what an
 * allocator costs when nothing stands between it and the program. `malloc` and friends are the process's own: glibc's,
 * or those of a library under LD_PRELOAD. `floor_provider` tells whose.
 *
 * bench/contenders/native.ts compiles this file with `cc -O2 -fno-builtin-malloc ...`, or the compiler would drop pairs
 * of malloc and free. Tables come from JavaScript, the same ones that its own loops read: `sizes` has 4096 entries in
 * bytes; `order` has 2^20 random words whose low bits choose a slot and whose high 12 bits choose a size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MASK 4095
#define SIZE_SHIFT 20
#define ORDER_MASK ((1u << 20) - 1)

/** Path of the library that malloc comes from. */
const char *floor_provider(void) {
  Dl_info info;
  return dladdr((void *)malloc, &info) != 0 ? info.dli_fname : "";
}

void floor_pairs(int32_t operations, int32_t size) {
  for (int32_t i = 0; i < operations; i++) free(malloc(size));
}

void floor_random_pairs(int32_t operations, const int32_t *sizes) {
  for (int32_t i = 0; i < operations; i++) free(malloc(sizes[i & SIZE_MASK]));
}

void floor_calloc_pairs(int32_t operations, const int32_t *sizes) {
  for (int32_t i = 0; i < operations; i++) free(calloc(1, sizes[i & SIZE_MASK]));
}

void floor_aligned_pairs(int32_t operations, int32_t alignment, const int32_t *sizes) {
  for (int32_t i = 0; i < operations; i++) free(memalign(alignment, sizes[i & SIZE_MASK]));
}

/** Fills the slots from `first` on, `step` apart. */
void floor_fill(void **blocks, int32_t first, int32_t step, int32_t count, const int32_t *sizes) {
  for (int32_t i = first; i < count; i += step) blocks[i] = malloc(sizes[i & SIZE_MASK]);
}

void floor_empty(void **blocks, int32_t first, int32_t step, int32_t count) {
  for (int32_t i = first; i < count; i += step) free(blocks[i]);
}

/** `live` is a power of two up to 2^20. */
void floor_replace(int32_t operations, int32_t turn, void **blocks, int32_t live, const uint32_t *order,
                   const int32_t *sizes) {
  for (int32_t i = 0; i < operations; i++) {
    uint32_t drawn = order[(uint32_t)(turn + i) & ORDER_MASK];
    uint32_t slot = drawn & (uint32_t)(live - 1);
    free(blocks[slot]);
    blocks[slot] = malloc(sizes[drawn >> SIZE_SHIFT]);
  }
}

/** `count` blocks, freed in the order that `frees` says; all of it so many times. */
void floor_batches(int32_t batches, void **blocks, int32_t count, const int32_t *frees, const int32_t *sizes) {
  for (int32_t batch = 0; batch < batches; batch++) {
    for (int32_t i = 0; i < count; i++) blocks[i] = malloc(sizes[i & SIZE_MASK]);
    for (int32_t i = 0; i < count; i++) free(blocks[frees[i]]);
  }
}

/** A vector that doubles from `first` to `last` bytes. */
void floor_doubling(int32_t vectors, int32_t first, int32_t last) {
  for (int32_t vector = 0; vector < vectors; vector++) {
    void *block = malloc(first);
    for (int32_t size = first * 2; size <= last; size *= 2) block = realloc(block, size);
    free(block);
  }
}

/** Two vectors that grow in turn, by `step` bytes up to `last`, so that neither has the memory behind it alone. */
void floor_steps(int32_t vectors, int32_t step, int32_t last) {
  for (int32_t vector = 0; vector < vectors; vector++) {
    void *left = malloc(step);
    void *right = malloc(step);
    for (int32_t size = step * 2; size <= last; size += step) {
      left = realloc(left, size);
      right = realloc(right, size);
    }
    free(left);
    free(right);
  }
}

void floor_touch(int32_t size) {
  void *block = malloc(size);
  memset(block, 1, size);
  free(block);
}

/** Never freed. */
void floor_fresh(int32_t count, int32_t size) {
  for (int32_t i = 0; i < count; i++) memset(malloc(size), 1, size);
}

typedef struct {
  int32_t operations, live;
  const uint32_t *order;
  const int32_t *sizes;
} replacement;

static void *replace_alone(void *argument) {
  replacement *work = argument;
  void **blocks = malloc(work->live * sizeof(void *));
  floor_fill(blocks, 0, 1, work->live, work->sizes);
  floor_replace(work->operations, 0, blocks, work->live, work->order, work->sizes);
  floor_empty(blocks, 0, 1, work->live);
  free(blocks);
  return NULL;
}

/** `threads` threads at once, at most 64, each with `live` blocks of its own. Starting them is a part of it. */
void floor_replace_threads(int32_t threads, int32_t operations, int32_t live, const uint32_t *order,
                           const int32_t *sizes) {
  pthread_t started[64];
  replacement work = {operations, live, order, sizes};
  for (int32_t i = 0; i < threads; i++) pthread_create(&started[i], NULL, replace_alone, &work);
  for (int32_t i = 0; i < threads; i++) pthread_join(started[i], NULL);
}

typedef struct {
  int32_t batches, count, ring;
  const int32_t *sizes;
  void **blocks;
  _Atomic int32_t produced, consumed;
} crossing;

static void *produce(void *argument) {
  crossing *work = argument;
  for (int32_t batch = 0; batch < work->batches; batch++) {
    while (batch - atomic_load(&work->consumed) >= work->ring) sched_yield();
    void **blocks = work->blocks + (batch % work->ring) * work->count;
    for (int32_t i = 0; i < work->count; i++) blocks[i] = malloc(work->sizes[i & SIZE_MASK]);
    atomic_store(&work->produced, batch + 1);
  }
  return NULL;
}

/** One thread allocates batches of `count` blocks, another frees them; `ring` batches may be on their way. */
void floor_cross(int32_t batches, int32_t count, int32_t ring, const int32_t *sizes, void **blocks) {
  crossing work = {.batches = batches, .count = count, .ring = ring, .sizes = sizes, .blocks = blocks};
  pthread_t producer;
  pthread_create(&producer, NULL, produce, &work);
  for (int32_t batch = 0; batch < batches; batch++) {
    while (atomic_load(&work.produced) <= batch) sched_yield();
    void **freed = blocks + (batch % ring) * count;
    for (int32_t i = 0; i < count; i++) free(freed[i]);
    atomic_store(&work.consumed, batch + 1);
  }
  pthread_join(producer, NULL);
}
